import GatewayHTTP

/// The static table of HPACK (RFC 7541 appendix A).
struct StaticFields: Sendable {
    static let shared = StaticFields()

    struct Entry: Sendable {
        let name: [UInt8]
        let value: [UInt8]
        let id: FieldID
    }

    /// The entries. The first one has the index 1.
    let entries: [Entry]
    /// The lowest index with the name of each field; 0 if there is none.
    private let indices: [UInt8]

    private init() {
        var indices = [UInt8](repeating: 0, count: FieldID.allCases.count)
        var entries: [Entry] = []
        for (name, value) in Self.list {
            let name = Array(name.utf8)
            let id = name.withUnsafeBytes { FieldTable.shared.id(of: $0) }
            entries.append(Entry(name: name, value: Array(value.utf8), id: id))
            if id != .unknown, indices[Int(id.rawValue)] == 0 { indices[Int(id.rawValue)] = UInt8(entries.count) }
        }
        self.entries = entries
        self.indices = indices
    }

    // MARK: Entries of requests

    static let authority = 1
    static let get = 2
    static let post = 3
    static let rootPath = 4
    static let http = 6
    static let https = 7

    /// Returns the lowest index with the name of a field, or 0 if there is none.
    func index(of id: FieldID) -> Int { Int(self.indices[Int(id.rawValue)]) }

    private static let list: [(String, String)] = [
        (":authority", ""), (":method", "GET"), (":method", "POST"), (":path", "/"), (":path", "/index.html"),
        (":scheme", "http"), (":scheme", "https"), (":status", "200"), (":status", "204"), (":status", "206"),
        (":status", "304"), (":status", "400"), (":status", "404"), (":status", "500"), ("accept-charset", ""),
        ("accept-encoding", "gzip, deflate"), ("accept-language", ""), ("accept-ranges", ""), ("accept", ""),
        ("access-control-allow-origin", ""), ("age", ""), ("allow", ""), ("authorization", ""),
        ("cache-control", ""), ("content-disposition", ""), ("content-encoding", ""), ("content-language", ""),
        ("content-length", ""), ("content-location", ""), ("content-range", ""), ("content-type", ""),
        ("cookie", ""), ("date", ""), ("etag", ""), ("expect", ""), ("expires", ""), ("from", ""), ("host", ""),
        ("if-match", ""), ("if-modified-since", ""), ("if-none-match", ""), ("if-range", ""),
        ("if-unmodified-since", ""), ("last-modified", ""), ("link", ""), ("location", ""), ("max-forwards", ""),
        ("proxy-authenticate", ""), ("proxy-authorization", ""), ("range", ""), ("referer", ""), ("refresh", ""),
        ("retry-after", ""), ("server", ""), ("set-cookie", ""), ("strict-transport-security", ""),
        ("transfer-encoding", ""), ("user-agent", ""), ("vary", ""), ("via", ""), ("www-authenticate", ""),
    ]
}
