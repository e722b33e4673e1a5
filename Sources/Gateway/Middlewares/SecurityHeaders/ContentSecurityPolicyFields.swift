import GatewayHTTP1
import NIOCore

/// The policies of a route as bytes, with places for each response's nonce.
struct ContentSecurityPolicyFields {
    /// What `report-to` calls the endpoint that `Reporting-Endpoints` names.
    private static let group = "gateway-csp"

    private struct Policy {
        let name: HeaderName
        let template: NonceTemplate
        /// For responses over plain HTTP.
        let plainTemplate: NonceTemplate
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

    var isEmpty: Bool { self.policies.isEmpty }
    var leavesSomeOffHTML: Bool { self.policies.contains(where: \.isLeftOffHTML) }

    mutating func append(_ policy: ContentSecurityPolicy, _ text: String, isReportOnly: Bool, isLeftOffHTML: Bool) {
        var text = text
        while let last = text.last, last == ";" || last == " " { text.removeLast() }
        if !self.reportPath.isEmpty, !policy.contains("report-uri") { text += "; report-uri \(self.reportPath)" }
        // Browsers take endpoints from secure origins alone, and do not look at `report-uri` where `report-to` stands:
        // over plain HTTP both together would end all reports.
        let plain = text
        if !self.reportPath.isEmpty, !policy.contains("report-to") { text += "; report-to \(Self.group)" }
        self.policies.append(
            Policy(
                name: HeaderName(isReportOnly ? .contentSecurityPolicyReportOnly : .contentSecurityPolicy),
                template: NonceTemplate(text),
                plainTemplate: NonceTemplate(plain),
                isLeftOffHTML: isLeftOffHTML
            )
        )
    }

    func set(on headers: inout HeaderBlock, _ nonce: Nonce?, isHTML: Bool, isSecure: Bool, override: Bool) {
        let hasPolicy = headers.contains(.contentSecurityPolicy) && !override
        let hasReportOnly = headers.contains(.contentSecurityPolicyReportOnly) && !override
        if override { for policy in self.policies { headers.remove(policy.name) } }
        var isSet = false
        for policy in self.policies where !(isHTML && policy.isLeftOffHTML) {
            if policy.name.id == .contentSecurityPolicy ? hasPolicy : hasReportOnly { continue }
            let template = isSecure ? policy.template : policy.plainTemplate
            headers.add(policy.name) { template.write(nonce, into: &$0) }
            isSet = true
        }
        // A further line of the same dictionary: the upstream's own endpoints stay.
        if isSet, let endpoints = self.endpoints { headers.add(Self.reportingEndpoints, endpoints) }
    }
}
