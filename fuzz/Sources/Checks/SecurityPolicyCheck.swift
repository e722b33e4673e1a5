import NIOCore

@testable import Gateway
@testable import GatewayCore
@testable import GatewayHTTP
@testable import GatewayHTTP1
@testable import GatewayMiddlewares

/// Content security policies in a file, and the reports that browsers send.
enum SecurityPolicyCheck {
    static func check(_ input: [UInt8]) throws(BrokenProperty) {
        for format in [CSPReport.Format.single, .list] { try self.checkReports(input, format) }
        let text = String(decoding: input, as: UTF8.self)
        guard let policy = try? ContentSecurityPolicy(text) else { return }
        let written = policy.directives.map { ([$0.name] + $0.values).joined(separator: " ") }.joined(separator: "; ")
        let again = try? ContentSecurityPolicy(written)
        try hold(again?.directives == policy.directives, "written again, it is \(written)")
        try hold(again?.usesNonce == policy.usesNonce, "written again, it uses a nonce differently")
        try hold(policy.warnings.allSatisfy { !$0.message.isEmpty && !$0.suggestion.isEmpty }, "an empty warning")
        var generator = SystemRandomNumberGenerator()
        let nonce = Nonce(using: &generator)
        var output = ByteBuffer()
        output.writeHead(room: 64) { NonceTemplate(text).write(nonce, into: &$0) }
        let places = text.split(separator: "{", omittingEmptySubsequences: false).count - 1
        let expected = input.count + places * (Nonce.length - ContentSecurityPolicy.placeholder.utf8.count)
        try hold(output.readableBytes == expected, "\(output.readableBytes) bytes with nonces, not \(expected)")
    }

    private static func checkReports(_ input: [UInt8], _ format: CSPReport.Format) throws(BrokenProperty) {
        guard let reports = try? CSPReport.parse(ByteBuffer(bytes: input), as: format) else { return }
        try hold(reports.count <= CSPReport.maxCount, "\(reports.count) reports")
        for report in reports {
            let isKnown = ContentSecurityPolicy.Directive.known[report.directive] != nil
            try hold(isKnown || report.directive == MetricLabel.other, "invalid label \(report.directive)")
            try hold(
                ["enforce", "report", MetricLabel.other].contains(report.disposition),
                "the label \(report.disposition)"
            )
            for (name, text) in report.details {
                try hold(text.utf8.count < 256, "\(name) of \(text.utf8.count) bytes")
                let isPlain = text.unicodeScalars.allSatisfy { (0x20..<0x7F).contains($0.value) || $0 == "…" }
                try hold(isPlain, "\(name) is \(text.debugDescription)")
            }
        }
    }
}
