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
            let code = line.replacing(/"(\\.|[^"\\])*"/, with: "").replacing(/\/\/.*/, with: "")
            let path = types.map(\.name).joined(separator: ".")
            if let match = code.firstMatch(of: /(?:struct|enum|class|extension) ([A-Za-z0-9_.]+)/), code.contains("{") {
                types.append((String(match.1), depth))
            } else if let match = code.firstMatch(of: /^(?:public |package )?var ([A-Za-z0-9_]+)/),
                depth == (types.last?.depth ?? -2) + 1,
                !comment.isEmpty
            {
                texts["\(path).\(match.1)"] = comment.joined(separator: " ")
            }
            if !code.isEmpty { comment = [] }
            depth += code.count { $0 == "{" } - code.count { $0 == "}" }
            while let last = types.last, depth <= last.depth, code.contains("}") { types.removeLast() }
        }
    }
}
