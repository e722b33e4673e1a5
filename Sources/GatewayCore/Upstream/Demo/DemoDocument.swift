import HTTPTypes

/// The static documents.
enum DemoDocument {
    static let json = AsyncResponse(
        contentType: "application/json",
        text: """
            {
              "message": "Hello from the demo upstream.",
              "products": [
                { "id": 1, "name": "Compass", "price": 24.5, "stock": 12 },
                { "id": 2, "name": "Lantern", "price": 39.0, "stock": 4 },
                { "id": 3, "name": "Rope, 20 m", "price": 18.9, "stock": 0 }
              ]
            }

            """
    )

    private static let tag = "\"demo-1\""
    private static let tagged = AsyncResponse(
        headers: [.eTag: tag],
        contentType: "text/plain; charset=utf-8",
        text: "Ask again with If-None-Match: \(tag), and the answer is 304.\n"
    )

    /// A document with an entity tag. Evaluates `If-None-Match`: a list of tags, compared weakly, or `*` (RFC 9110
    /// section 13.1.2).
    static func tagged(ifNoneMatch condition: String?) -> AsyncResponse {
        let names = (condition ?? "").split(separator: ",").map { $0.drop { $0 == " " || $0 == "\t" } }
        let isKnown = names.contains { name in
            let name = name.hasPrefix("W/") ? name.dropFirst(2) : name
            return name.prefix { $0 != " " && $0 != "\t" } == self.tag || name == "*"
        }
        return isKnown ? AsyncResponse(status: .notModified, headers: [.eTag: self.tag]) : self.tagged
    }
}
