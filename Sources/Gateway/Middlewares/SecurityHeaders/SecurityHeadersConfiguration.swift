extension SecurityHeadersMiddleware {
    struct Config: Codable, Sendable, Hashable {
        /// What holds where nothing else is written: `api` for answers that no browser shows, `web` for sites, `strict` for
        /// sites whose every script carries a nonce.
        var preset = Preset.api
        /// `development` sends no HSTS, and the CSP as report-only.
        var mode = Mode.production
        /// `Strict-Transport-Security`, on requests that came over TLS. Empty for none, as with all values here.
        var hsts = "max-age=31536000"
        /// `X-Content-Type-Options`.
        var contentTypeOptions = "nosniff"
        /// `Referrer-Policy`.
        var referrerPolicy = "strict-origin-when-cross-origin"
        /// `X-Frame-Options`.
        var frameOptions = "DENY"
        /// `Cross-Origin-Opener-Policy`.
        var crossOriginOpenerPolicy = "same-origin"
        /// `Cross-Origin-Resource-Policy`.
        var crossOriginResourcePolicy = ""
        /// `Cross-Origin-Embedder-Policy`.
        var crossOriginEmbedderPolicy = ""
        /// `Permissions-Policy`.
        var permissionsPolicy = "camera=(), microphone=(), geolocation=()"
        /// `X-XSS-Protection`.
        var xssProtection = "0"
        /// Fields of the upstream that the client does not get.
        var remove = ["Server", "X-Powered-By"]
        /// Replaces what the upstream set; otherwise that stays.
        var override = false
        /// `Content-Security-Policy`.
        var csp = CSP()
    }

    struct CSP: Codable, Sendable, Hashable {
        /// The policy that browsers enforce. `{nonce}` stands for the response's nonce.
        var policy = "default-src 'none'; frame-ancestors 'none'"
        /// A second policy, which browsers only report on.
        var reportOnly = ""
        /// `header` tells the upstream the response's nonce in `X-CSP-Nonce`; `html` also puts it on `<script>` and
        /// `<style>` in HTML that passes.
        var nonce = NonceMode.off
        /// Where the gateway takes browsers' reports on the route's host.
        var reportPath = ""
    }

    enum Preset: String, SettingChoice {
        case api, web, strict
    }

    enum Mode: String, SettingChoice {
        case production, development
    }

    enum NonceMode: String, SettingChoice {
        case off, header, html
    }
}

extension SecurityHeadersMiddleware.Config: PresetSettings {
    static let reportPath = "/.gateway/csp-reports"

    var presetDefaults: (name: String, values: Self)? {
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
