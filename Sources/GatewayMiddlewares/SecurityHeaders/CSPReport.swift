import FoundationEssentials
import GatewayCore
import NIOCore

/// A browser's report of a policy violation, in either format: `application/csp-report` (CSP Level 2) or
/// `application/reports+json` (the Reporting API).
///
/// All content is untrusted. Names are compared with known ones before they become labels, and texts are shortened and
/// escaped before they are logged.
struct CSPReport: Hashable, Sendable {
    enum Format: Sendable {
        case single
        case list
    }

    /// The body is not JSON, or has another structure.
    struct Malformed: Error {}

    /// Per request; further reports are ignored.
    static let maxCount = 100

    /// A known directive, or `_OTHER`.
    let directive: String
    /// `enforce`, `report` or `_OTHER`.
    let disposition: String
    /// Further details by name, ready for the log.
    let details: [String: String]
    /// The path of the page, without a query; nil if the report does not name it.
    let path: String?

    static func parse(_ body: ByteBuffer, as format: Format) throws(Malformed) -> [CSPReport] {
        let data = Data(body.readableBytesView)
        do {
            switch format {
            case .single: return [CSPReport(try JSONDecoder().decode(Single.self, from: data).report)]
            case .list: return try JSONDecoder().decode(List.self, from: data).reports.map { CSPReport($0) }
            }
        } catch {
            throw Malformed()
        }
    }

    private init(_ body: Body) {
        let directive = body.directive?.split(separator: " ").first.map { $0.lowercased() } ?? ""
        self.directive = ContentSecurityPolicy.Directive.known[directive] == nil ? MetricLabel.other : directive
        // Older browsers do not report it, and only support one.
        let disposition = body.disposition ?? "enforce"
        self.disposition = ["enforce", "report"].contains(disposition) ? disposition : MetricLabel.other
        var details: [String: String] = [:]
        details["document"] = body.document.map(CSPReportText.url)
        details["blocked"] = body.blocked.map(CSPReportText.url)
        details["source"] = body.source.map(CSPReportText.url)
        details["line"] = body.line.map { String($0) }
        details["sample"] = body.sample.map(CSPReportText.escaped)
        self.details = details
        self.path = body.document.flatMap(CSPReportText.path)
    }
}

/// Text of a report in a form that is safe to log.
enum CSPReportText {
    private static let limit = 200

    /// Without query and fragment, which may contain secrets of the page's user.
    static func url(_ text: String) -> String {
        self.escaped(String(text.prefix { $0 != "?" && $0 != "#" }))
    }

    /// The path of a URL without query and fragment; nil if it is none, or very long.
    static func path(_ text: String) -> String? {
        guard text.utf8.count <= 4096, let scheme = text.firstRange(of: "://") else { return nil }
        let path = text[scheme.upperBound...].drop { !"/?#".contains($0) }.prefix { $0 != "?" && $0 != "#" }
        return path.isEmpty ? "/" : String(path)
    }

    /// Shortened, with control characters and non-ASCII characters escaped.
    static func escaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            guard result.utf8.count < self.limit else { return result + "…" }
            result += (0x20..<0x7F).contains(scalar.value) ? String(scalar) : scalar.escaped(asASCII: true)
        }
        return result
    }
}

extension CSPReport {
    fileprivate struct Body: Decodable {
        var document: String?
        var blocked: String?
        var directive: String?
        var disposition: String?
        package var source: String?
        var line: Int?
        var sample: String?

        private enum OfSingle: String, CodingKey {
            case document = "document-uri"
            case blocked = "blocked-uri"
            case effective = "effective-directive"
            case violated = "violated-directive"
            case disposition
            case source = "source-file"
            case line = "line-number"
            case sample = "script-sample"
        }

        private enum OfList: String, CodingKey {
            case document = "documentURL"
            case blocked = "blockedURL"
            case effective = "effectiveDirective"
            case disposition
            case source = "sourceFile"
            case line = "lineNumber"
            case sample
        }

        /// A member of an unexpected type counts as missing.
        init(from decoder: any Decoder) throws {
            let single = try decoder.container(keyedBy: OfSingle.self)
            let list = try decoder.container(keyedBy: OfList.self)
            self.document =
                (try? single.decode(String.self, forKey: .document))
                ?? (try? list.decode(String.self, forKey: .document))
            self.blocked =
                (try? single.decode(String.self, forKey: .blocked)) ?? (try? list.decode(String.self, forKey: .blocked))
            self.directive =
                (try? single.decode(String.self, forKey: .effective))
                ?? (try? single.decode(String.self, forKey: .violated))
                ?? (try? list.decode(String.self, forKey: .effective))
            self.disposition = try? single.decode(String.self, forKey: .disposition)
            self.source =
                (try? single.decode(String.self, forKey: .source)) ?? (try? list.decode(String.self, forKey: .source))
            self.line = (try? single.decode(Int.self, forKey: .line)) ?? (try? list.decode(Int.self, forKey: .line))
            self.sample =
                (try? single.decode(String.self, forKey: .sample)) ?? (try? list.decode(String.self, forKey: .sample))
        }
    }

    private struct Single: Decodable {
        let report: Body

        private enum CodingKeys: String, CodingKey { case report = "csp-report" }
    }

    private struct List: Decodable {
        private struct Report: Decodable {
            let type: String
            let body: Body?

            private enum CodingKeys: CodingKey { case type, body }

            init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: CodingKeys.self)
                self.type = try container.decode(String.self, forKey: .type)
                // Reports of other types have different bodies.
                self.body = self.type == "csp-violation" ? try container.decode(Body.self, forKey: .body) : nil
            }
        }

        let reports: [Body]

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            var reports: [Body] = []
            var count = 0
            while !container.isAtEnd, count < CSPReport.maxCount {
                if let body = try container.decode(Report.self).body { reports.append(body) }
                count += 1
            }
            self.reports = reports
        }
    }
}
