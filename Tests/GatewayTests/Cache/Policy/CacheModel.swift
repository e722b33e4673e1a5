/// What RFC 9111 and the documentation of the cache say, section by section: slow, obvious, and without a line of the code
/// that it judges. It knows messages by their meaning, and never sees their text.
struct CacheModel {
    var defaultTTL = 0
    var statusTTL: [Int: Int] = [:]
    var overrideTTL: Int?
    var heuristic = 0.0
    var hasTarget = false
    var ignoresClient = true
    var staleWhileRevalidate = 0
    var staleIfError = 0

    /// A number of seconds, as a peer writes it.
    enum Seconds: Hashable {
        case number(Int)
        case malformed(String)
    }

    /// A date, in seconds after the response was received.
    enum Date: Hashable {
        case after(Int)
        case malformed(String)
    }

    enum Directive: Hashable {
        case flag(String)
        case seconds(String, Seconds)
        /// One that names fields.
        case fields(String, [String])

        var name: String {
            switch self {
            case .flag(let name), .seconds(let name, _), .fields(let name, _): name
            }
        }
    }

    struct Response {
        var status = 200
        var control: [Directive] = []
        /// The directives of a field for this cache alone. Nil: there is no such field.
        var targeted: [Directive]?
        var isTargetedMalformed = false
        var ages: [Seconds] = []
        var dates: [Date] = []
        var expires: [Date] = []
        var lastModified: [Date] = []
        var hasEntityTag = false
        var vary: [String] = []
        var hasCookie = false
        /// Milliseconds between request and response.
        var delay = 0
    }

    struct Request {
        var method = "GET"
        var control: [Directive] = []
        var hasPragma = false
        var hasCredentials = false
    }

    /// All times in milliseconds.
    struct Stored: Equatable {
        var lifetime: Int
        var initialAge: Int
        var withheld: Set<String> = []
        var isConfirmedAlways = false
        var isForCredentials = false
        var mayBeStale = true
        var staleWhileRevalidate = 0
        var staleIfError = 0
    }

    enum Use: Equatable {
        case fresh, acceptedStale, staleWhileRevalidate, revalidate, unusable
    }
}

// MARK: Storing

extension CacheModel {
    // Section 3: storing responses.
    func stored(_ response: Response, to request: Request) -> Stored? {
        // "The request method is understood": a shared cache that stores GET alone.
        guard request.method == "GET" else { return nil }
        // "The response status code is final", and partial content is not stored (section 3.3).
        guard response.status >= 200, ![206, 304].contains(response.status) else { return nil }
        let rules = self.rules(of: response)
        let isOverridden = self.overrideTTL != nil && Self.withDefault.contains(response.status)
        if !isOverridden {
            // Section 5.2.2.3: who understands must-understand ignores no-store, and stores nothing of an unknown status.
            if rules.has("must-understand") {
                guard Self.understood.contains(response.status) else { return nil }
            } else if rules.has("no-store") {
                return nil
            }
            // Section 5.2.2.7.
            if rules.has("private") { return nil }
        }
        // Section 4.1: "*" always fails to match.
        if response.vary.contains("*") { return nil }
        var withheld = rules.fields(of: "private").union(rules.fields(of: "no-cache"))
        if response.hasCookie {
            if isOverridden {
                withheld.insert("set-cookie")
            } else if !rules.has("public"), !withheld.contains("set-cookie") {
                return nil
            }
        }
        // Section 3.5.
        let isShareable =
            !isOverridden && (rules.has("public") || rules.has("must-revalidate") || rules.seconds("s-maxage") != nil)
        guard let (lifetime, isUpstream, wasEverFresh) = self.lifetime(of: response, rules) else { return nil }
        if request.hasCredentials, !isShareable || !isUpstream { return nil }
        var stored = Stored(lifetime: lifetime, initialAge: self.initialAge(of: response), withheld: withheld)
        stored.isForCredentials = isShareable && isUpstream
        if isOverridden {
            stored.staleWhileRevalidate = rules.seconds("stale-while-revalidate") ?? self.staleWhileRevalidate
            stored.staleIfError = rules.seconds("stale-if-error") ?? self.staleIfError
            return stored
        }
        stored.isConfirmedAlways = rules.has("no-cache")
        // Section 4.2.4: no stale response where one of these is.
        let forbidding = ["no-cache", "must-revalidate", "proxy-revalidate"]
        let isShared = rules.seconds("s-maxage") != nil
        stored.mayBeStale = !forbidding.contains(where: rules.has) && !isShared
        if !forbidding.contains(where: rules.has) {
            // RFC 5861: the response's own windows count, and those of the settings only where it says nothing.
            let configured = isShared || !wasEverFresh ? 0 : self.staleWhileRevalidate
            stored.staleWhileRevalidate = rules.seconds("stale-while-revalidate") ?? configured
            stored.staleIfError = rules.seconds("stale-if-error") ?? (isShared ? 0 : self.staleIfError)
        }
        return stored
    }

    // RFC 9213 section 2.2: a valid field for this cache replaces Cache-Control and Expires.
    private func rules(of response: Response) -> Rules {
        if self.hasTarget, let targeted = response.targeted, !targeted.isEmpty, !response.isTargetedMalformed {
            return Rules(directives: targeted, isTargeted: true)
        }
        return Rules(directives: response.control, isTargeted: false)
    }

    // Section 4.2.1: calculating freshness lifetime.
    private func lifetime(of response: Response, _ rules: Rules) -> (Int, isUpstream: Bool, wasEverFresh: Bool)? {
        let status = response.status
        if let time = self.overrideTTL, Self.withDefault.contains(status) { return (time, false, true) }
        if !Self.aboutRequest.contains(status) {
            if let time = rules.seconds("s-maxage") ?? rules.seconds("max-age") { return (time, true, true) }
            if !rules.isTargeted, !response.expires.isEmpty {
                guard case .after(let expires)? = self.only(response.expires) else { return (0, true, true) }
                return (max(0, expires - self.date(of: response)) * 1000, true, true)
            }
        }
        if let time = self.statusTTL[status], time > 0 { return (time, false, true) }
        if Self.aboutRequest.contains(status) { return nil }
        if Self.withDefault.contains(status), self.defaultTTL > 0 { return (self.defaultTTL, false, true) }
        // Section 4.2.2: for known statuses, and for what is marked as cacheable.
        if Self.known.contains(status) || rules.has("public"),
            case .after(let modified)? = self.only(response.lastModified)
        {
            let time = Int(Double(max(0, self.date(of: response) - modified)) * self.heuristic * 1000)
            if time > 0 { return (min(time, 24 * 60 * 60 * 1000), false, true) }
        }
        // Without a lifetime, a response is of use only if it can be confirmed.
        let hasValidator = response.hasEntityTag || !response.lastModified.isEmpty
        return Self.known.contains(status) && hasValidator ? (0, true, false) : nil
    }

    private func date(of response: Response) -> Int {
        if case .after(let date)? = self.only(response.dates) { return date }
        return 0
    }

    // Section 4.2: a list of dates is none.
    private func only(_ dates: [Date]) -> Date? { dates.count == 1 ? dates[0] : nil }

    // Section 4.2.3: corrected_age_value. Section 5.1: the first of a list, unless it is malformed.
    private func initialAge(of response: Response) -> Int {
        guard case .number(let age)? = response.ages.first else { return response.delay }
        return min(age, 1 << 31) * 1000 + response.delay
    }

    private static let withDefault: Set = [200, 203, 204, 300, 301, 308]
    /// RFC 9110 section 15.1.
    private static let known: Set = [200, 203, 204, 300, 301, 308, 404, 405, 410, 451]
    private static let aboutRequest =
        Set([400, 401, 403, 407, 408, 501, 505]).union(411...417).union(421...431)
    private static let understood =
        Set([200, 201, 202, 203, 204, 205, 300, 301, 302, 303, 307, 308, 404, 405, 410, 451])
        .union(500...505).union(Self.aboutRequest)
}

/// The directives of one message.
private struct Rules {
    let directives: [CacheModel.Directive]
    let isTargeted: Bool

    init(directives: [CacheModel.Directive], isTargeted: Bool) {
        // RFC 8941 section 3.2: of several members of a dictionary with one key, the last counts.
        self.directives =
            isTargeted
            ? directives.indices.filter { index in
                !directives[(index + 1)...].contains { $0.name == directives[index].name }
            }
            .map { directives[$0] } : directives
        self.isTargeted = isTargeted
    }

    func has(_ name: String) -> Bool { self.directives.contains(.flag(name)) }

    func fields(of name: String) -> Set<String> {
        var fields: Set<String> = []
        for case .fields(name, let names) in self.directives { fields.formUnion(names) }
        return fields
    }

    /// In milliseconds. Section 4.2.1: what is malformed or contradictory is stale.
    func seconds(_ name: String) -> Int? {
        var all: [Int] = []
        for case .seconds(name, let seconds) in self.directives {
            if case .number(let number) = seconds { all.append(min(number, 1 << 31)) } else { all.append(0) }
        }
        guard let first = all.first else { return nil }
        return all.allSatisfy { $0 == first } ? first * 1000 : 0
    }
}

// MARK: Reuse

extension CacheModel {
    // Section 4: constructing responses from caches.
    func use(of stored: Stored, by request: Request, age: Int) -> Use {
        if request.hasCredentials, !stored.isForCredentials { return .unusable }
        if stored.isConfirmedAlways { return .revalidate }
        var rules = Rules(directives: [], isTargeted: false)
        if !self.ignoresClient {
            // Section 5.4: Pragma counts where there is no Cache-Control.
            let pragma: [Directive] = request.hasPragma ? [.flag("no-cache")] : []
            rules = Rules(directives: request.control.isEmpty ? pragma : request.control, isTargeted: false)
        }
        // Sections 5.2.1.1, 5.2.1.3 and 5.2.1.4.
        if rules.has("no-cache") { return .revalidate }
        if let limit = rules.seconds("max-age"), limit == 0 || age > limit { return .revalidate }
        if let least = rules.seconds("min-fresh"), stored.lifetime - age < least { return .revalidate }
        // Section 4.2: fresh is what has not reached its lifetime.
        if stored.lifetime > age { return .fresh }
        // Section 5.2.1.2.
        if stored.mayBeStale, rules.has("max-stale") { return .acceptedStale }
        if stored.mayBeStale, let most = rules.seconds("max-stale"), age - stored.lifetime <= most {
            return .acceptedStale
        }
        return age - stored.lifetime < stored.staleWhileRevalidate ? .staleWhileRevalidate : .revalidate
    }

    // RFC 5861 section 4.
    func standsIn(_ stored: Stored, for request: Request, age: Int) -> Bool {
        if request.hasCredentials, !stored.isForCredentials { return false }
        return !stored.isConfirmedAlways && age - stored.lifetime < stored.staleIfError
    }
}
