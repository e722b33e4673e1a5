import GatewayHTTP
import NIOCore

/// The policies of a route as bytes, with placeholders for each response's nonce.
struct ContentSecurityPolicyFields {
    /// The endpoint's name in `report-to` and `Reporting-Endpoints`.
    private static let group = "gateway-csp"

    private struct Policy {
        package let name: HeaderName
        let template: NonceTemplate
        /// For responses over plain HTTP.
        let plainTemplate: NonceTemplate
        /// The same for responses that are not HTML and carry no nonce.
        let otherTemplate: NonceTemplate
        let plainOtherTemplate: NonceTemplate
        let isLeftOffHTML: Bool
    }

    private var policies: [Policy] = []
    private let endpoints: [UInt8]?
    private let reportPath: String

    private static let reportingEndpoints = HeaderName(.reportingEndpoints)

    init(reportPath: String) {
        self.reportPath = reportPath
        self.endpoints = reportPath.isEmpty ? nil : Array("\(Self.group)=\"\(reportPath)\"".utf8)
    }

    /// `Reporting-Endpoints` is added to the upstream's.
    var namesEndpoint: Bool { self.endpoints != nil }
    var leavesSomeOffHTML: Bool { self.policies.contains(where: \.isLeftOffHTML) }

    mutating func append(
        _ policy: ContentSecurityPolicy,
        _ text: String,
        isReportOnly: Bool,
        isLeftOffHTML: Bool
    ) {
        var text = text
        while let last = text.last, last == ";" || last == " " { text.removeLast() }
        if !self.reportPath.isEmpty, !policy.contains("report-uri") { text += "; report-uri \(self.reportPath)" }
        // Browsers only accept endpoints from secure origins, and ignore `report-uri` if there is a `report-to`: over
        // plain HTTP, sending both would disable reports.
        let plain = text
        if !self.reportPath.isEmpty, !policy.contains("report-to") { text += "; report-to \(Self.group)" }
        self.policies.append(
            Policy(
                name: HeaderName(isReportOnly ? .contentSecurityPolicyReportOnly : .contentSecurityPolicy),
                template: NonceTemplate(text),
                plainTemplate: NonceTemplate(plain),
                otherTemplate: NonceTemplate(ContentSecurityPolicy.withoutNonces(text)),
                plainOtherTemplate: NonceTemplate(ContentSecurityPolicy.withoutNonces(plain)),
                isLeftOffHTML: isLeftOffHTML
            )
        )
    }

    func set(
        on headers: inout HeaderBlock,
        _ nonce: Nonce?,
        _ scope: SecurityHeaderScope,
        isSecure: Bool,
        override: Bool
    ) {
        let hasPolicy = headers.contains(.contentSecurityPolicy) && !override
        let hasReportOnly = headers.contains(.contentSecurityPolicyReportOnly) && !override
        if override { for policy in self.policies { headers.remove(policy.name) } }
        guard scope != .notModified else {
            // The stored response has the gateway's endpoint next to the upstream's.
            if self.endpoints != nil { headers.remove(.reportingEndpoints) }
            return
        }
        var isSet = false
        for policy in self.policies where !(scope == .html && policy.isLeftOffHTML) {
            if policy.name.id == .contentSecurityPolicy ? hasPolicy : hasReportOnly { continue }
            let template =
                switch (scope, isSecure) {
                case (.html, true): policy.template
                case (.html, false): policy.plainTemplate
                case (_, true): policy.otherTemplate
                case (_, false): policy.plainOtherTemplate
                }
            headers.add(policy.name) { template.write(nonce, into: &$0) }
            isSet = true
        }
        // Another line of the same dictionary, which keeps the upstream's endpoints.
        if isSet, let endpoints = self.endpoints { headers.add(Self.reportingEndpoints, endpoints) }
    }
}
