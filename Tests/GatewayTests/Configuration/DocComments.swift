import Foundation

/// The doc comments of stored properties in the library's sources, by type and property:
/// `ServerConfiguration.listen`.
struct DocComments {
    private(set) var texts: [String: String] = [:]

    init(of folder: URL) {
        let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.compactMap {
            $0 as? URL
        }
        for file in (files ?? []).filter({ $0.pathExtension == "swift" }).sorted(by: { $0.path < $1.path }) {
            if let text = try? String(contentsOf: file, encoding: .utf8) { read(text) }
        }
    }

    private mutating func read(_ text: String) {
        var types: [(name: String, depth: Int)] = []
        var depth = 0
        var comment: [Substring] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let line = line.drop { $0 == " " }
            if line.hasPrefix("///") {
                comment.append(line.dropFirst(3).drop { $0 == " " })
                continue
            }
            // Most lines need no regular expression, which would take a minute for all.
            let isPlain = !line.utf8.contains { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "/") }
            let code = isPlain ? line : line.replacing(/"(\\.|[^"\\])*"/, with: "").replacing(/\/\/.*/, with: "")
            if code.utf8.contains(UInt8(ascii: "{")),
                let match = code.firstMatch(of: /(?:struct|enum|class|extension) ([A-Za-z0-9_.]+)/)
            {
                types.append((String(match.1), depth))
            } else if !comment.isEmpty, depth == (types.last?.depth ?? -2) + 1,
                let match = code.firstMatch(of: /^(?:public |package )?var `?([A-Za-z0-9_]+)/)
            {
                texts["\(types.map(\.name).joined(separator: ".")).\(match.1)"] = comment.joined(separator: " ")
            }
            if !code.isEmpty { comment = [] }
            let opened = code.utf8.count { $0 == UInt8(ascii: "{") }
            let closed = code.utf8.count { $0 == UInt8(ascii: "}") }
            depth += opened - closed
            while let last = types.last, depth <= last.depth, closed > 0 { types.removeLast() }
        }
    }
}
