import GatewayHTTP
import HTTPTypes

/// Documents for trying out caches. Each contains its creation time, so that a stored response can be distinguished
/// from a new one.
struct DemoCaching {
    /// Seconds since 1970.
    let second: Int64

    private var time: String { CivilTime.rfc3339(milliseconds: self.second * 1000) }

    /// Fresh for a minute.
    var cached: AsyncResponse { self.document("Fresh for 60 s.", "max-age=60") }

    /// Fresh for a second; a cache may serve it for another minute while it fetches a new one.
    var stale: AsyncResponse {
        self.document("Fresh for 1 s, stale for 60 s more.", "max-age=1, stale-while-revalidate=60")
    }

    private func document(_ text: String, _ cacheControl: String) -> AsyncResponse {
        AsyncResponse(
            headers: [.cacheControl: cacheControl],
            contentType: "text/plain; charset=utf-8",
            text: "Made at \(self.time). \(text)\n"
        )
    }

    private static let greetings = [("en", "Hello."), ("de", "Guten Tag."), ("fr", "Bonjour."), ("es", "Buenos días.")]

    /// A greeting in the client's preferred language, or in English.
    func greeting(acceptLanguage: String?) -> AsyncResponse {
        let (language, text) = Self.preferred(acceptLanguage ?? "")
        return AsyncResponse(
            headers: [.cacheControl: "max-age=60", .vary: "Accept-Language", .contentLanguage: language],
            contentType: "text/plain; charset=utf-8",
            text: "\(text) (\(language), made at \(self.time))\n"
        )
    }

    /// Returns the greeting with the highest weight (RFC 9110 section 12.5.4). The first of equal weights wins.
    private static func preferred(_ field: String) -> (String, String) {
        var best = (greeting: Self.greetings[0], weight: 0)
        for range in AcceptedRange.list(field) where range.weight > best.weight {
            let language = range.name.prefix { $0 != "-" }
            if let greeting = Self.greetings.first(where: { $0.0 == language }) { best = (greeting, range.weight) }
        }
        return best.greeting
    }
}
