public import GatewaySettings

extension SecurityHeadersMiddleware {
    public struct Config: Codable, Sendable, Hashable {
        /// Defaults of the other keys: `api` for APIs, `web` for sites, `strict` for sites whose scripts all carry a
        /// nonce.
        public var preset = Preset.api
        /// `development` sends no HSTS and makes the CSP report-only.
        public var mode = Mode.production
        /// `Strict-Transport-Security`, on requests that arrived over TLS. An empty value sends no field, here and
        /// below.
        public var hsts = "max-age=31536000"
        /// `X-Content-Type-Options`.
        public var contentTypeOptions = "nosniff"
        /// `Referrer-Policy`.
        public var referrerPolicy = "strict-origin-when-cross-origin"
        /// `X-Frame-Options`.
        public var frameOptions = "DENY"
        /// `Cross-Origin-Opener-Policy`.
        public var crossOriginOpenerPolicy = "same-origin"
        /// `Cross-Origin-Resource-Policy`.
        public var crossOriginResourcePolicy = ""
        /// `Cross-Origin-Embedder-Policy`.
        public var crossOriginEmbedderPolicy = ""
        /// `Permissions-Policy`.
        public var permissionsPolicy = "camera=(), microphone=(), geolocation=()"
        /// `X-XSS-Protection`.
        public var xssProtection = "0"
        /// Upstream response fields that are removed.
        public var remove = ["Server", "X-Powered-By"]
        /// Replace values set by the upstream. By default they are kept.
        public var override = false
        /// `Content-Security-Policy`.
        public var csp = CSP()

        public init() {}
    }

    public struct CSP: Codable, Sendable, Hashable {
        /// Policy that browsers enforce. `{nonce}` is replaced by the nonce of the response.
        public var policy = "default-src 'none'; frame-ancestors 'none'"
        /// A second policy that browsers only report on.
        public var reportOnly = ""
        /// `header` sends the nonce to the upstream in `X-CSP-Nonce`. `html` also adds it to `<script>` and `<style>`
        /// in HTML responses.
        public var nonce = NonceMode.off
        /// Path on the route's host where the gateway collects browser reports.
        public var reportPath = ""
    }

    public enum Preset: String, SettingChoice {
        case api, web, strict
    }

    public enum Mode: String, SettingChoice {
        case production, development
    }

    public enum NonceMode: String, SettingChoice {
        case off, header, html
    }
}

extension SecurityHeadersMiddleware.Config: PresetSettings {
    static let reportPath = "/.gateway/csp-reports"

    package var presetDefaults: (name: String, values: Self)? {
        var values = Self()
        switch self.preset {
        case .api: return nil
        case .web:
            values.frameOptions = "SAMEORIGIN"
            values.crossOriginOpenerPolicy = "same-origin-allow-popups"
            values.csp.policy = "default-src 'self'; object-src 'none'; base-uri 'self'; frame-ancestors 'self'"
            if self.csp.nonce != .off {
                values.csp.policy += "; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'"
            }
        case .strict:
            values.crossOriginResourcePolicy = "same-origin"
            values.csp.nonce = .html
            values.csp.policy = """
                default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'nonce-{nonce}'; \
                img-src 'self'; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
                frame-ancestors 'none'; require-trusted-types-for 'script'
                """
        }
        values.preset = self.preset
        values.csp.reportPath = Self.reportPath
        return (self.preset.rawValue, values)
    }
}
