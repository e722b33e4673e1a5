import Foundation
import GatewayHTTP

@testable import GatewayCache

/// A random setting, exchange and later request: as the model knows them, and as text.
struct CacheModelCase: CustomStringConvertible {
    private var random: SeededRandom
    private(set) var model = CacheModel()
    private(set) var response = CacheModel.Response()
    private(set) var request = CacheModel.Request()

    init(seed: UInt64) {
        self.random = SeededRandom(seed: seed)
        self.fillModel()
        self.response = self.anyResponse()
        self.request = self.anyRequest()
    }

    var description: String { "\(self.model)\n\(self.request)\n\(self.response)" }

    // MARK: Chance

    mutating func chance(_ percent: UInt64) -> Bool { self.random.next() % 100 < percent }
    mutating func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &self.random) }
    private mutating func any<Element>(of elements: [Element]) -> Element {
        elements[self.number(0..<elements.count)]
    }

    // MARK: Meaning

    private mutating func fillModel() {
        if self.chance(30) { self.model.defaultTTL = 1000 * self.number(1..<60) }
        if self.chance(30) { self.model.statusTTL = [404: 5000, 401: 7000, 302: 3000] }
        if self.chance(10) { self.model.overrideTTL = 4000 }
        if self.chance(40) { self.model.heuristic = 0.1 }
        self.model.hasTarget = self.chance(50)
        self.model.ignoresClient = self.chance(30)
        if self.chance(30) { self.model.staleWhileRevalidate = 10_000 }
        if self.chance(30) { self.model.staleIfError = 20_000 }
    }

    private mutating func anyResponse() -> CacheModel.Response {
        var response = CacheModel.Response()
        if self.chance(50) {
            response.status = self.any(of: [
                203, 204, 206, 299, 300, 301, 302, 304, 307, 308, 400, 401, 404, 405, 410, 414, 431, 451, 500, 501, 503,
                599,
            ])
        }
        if self.chance(80) { response.control = self.directives() }
        if self.chance(25) {
            response.targeted = self.directives().filter { directive in
                // Of a structured field with a malformed number, nothing counts.
                if case .seconds(_, .malformed) = directive { false } else { true }
            }
            response.isTargetedMalformed = self.chance(20)
        }
        if self.chance(30) { response.ages = (0..<self.number(1..<3)).map { _ in self.seconds() } }
        if self.chance(60) { response.dates = self.dates(-100..<100) }
        if self.chance(30) { response.expires = self.dates(-50..<200) }
        if self.chance(40) { response.lastModified = self.dates(-2_000_000..<10) }
        response.hasEntityTag = self.chance(40)
        if self.chance(20) { response.vary = ["Accept"] + (self.chance(30) ? ["*"] : []) }
        response.hasCookie = self.chance(15)
        response.delay = self.number(0..<3000)
        return response
    }

    mutating func anyRequest() -> CacheModel.Request {
        var request = CacheModel.Request()
        if self.chance(5) { request.method = "HEAD" }
        request.hasCredentials = self.chance(15)
        request.hasPragma = self.chance(10)
        if self.chance(50) {
            for name in ["max-age", "min-fresh"] where self.chance(25) {
                request.control.append(.seconds(name, .number(self.number(0..<100))))
            }
            if self.chance(25) {
                request.control.append(
                    self.chance(50) ? .flag("max-stale") : .seconds("max-stale", .number(self.number(0..<100)))
                )
            }
            if self.chance(10) { request.control.append(.flag("no-cache")) }
        }
        return request
    }

    private mutating func directives() -> [CacheModel.Directive] {
        var directives: [CacheModel.Directive] = []
        for name in ["max-age", "s-maxage", "stale-while-revalidate", "stale-if-error"] where self.chance(30) {
            directives.append(.seconds(name, self.seconds()))
            if self.chance(10) { directives.append(.seconds(name, self.seconds())) }
        }
        for name in ["no-store", "private", "no-cache", "must-understand", "proxy-revalidate"] where self.chance(8) {
            directives.append(.flag(name))
        }
        for name in ["public", "must-revalidate", "immutable"] where self.chance(20) { directives.append(.flag(name)) }
        for name in ["private", "no-cache"] where self.chance(5) {
            directives.append(.fields(name, self.chance(50) ? ["set-cookie"] : ["x-a", "x-b"]))
        }
        directives.shuffle(using: &self.random)
        return directives
    }

    private mutating func seconds() -> CacheModel.Seconds {
        if self.chance(10) { return .malformed(self.any(of: ["x", "-1", "1.5", "+1", "1 2"])) }
        return .number(self.chance(5) ? 9_999_999_999 : self.number(0..<100))
    }

    private mutating func dates(_ range: Range<Int>) -> [CacheModel.Date] {
        if self.chance(10) { return [.malformed(self.any(of: ["0", "now", "Sun, 06 Nov 1994 08:49:37 UTC"]))] }
        return (0..<(self.chance(5) ? 2 : 1)).map { _ in .after(self.number(range)) }
    }

    // MARK: Text

    static let now: Int64 = 784_111_777

    mutating func head() -> ResponseHead {
        var head = ResponseHead()
        head.status = self.response.status
        var lines: [(String, String)] = []
        lines += self.lines("Cache-Control", self.response.control.map { self.text(of: $0) })
        if let targeted = self.response.targeted {
            var members = targeted.map { Self.member(of: $0) }
            if self.response.isTargetedMalformed { members.append("Max-Age=5") }
            lines += self.lines("CDN-Cache-Control", members.isEmpty ? [""] : members)
        }
        lines += self.response.ages.map { ("Age", Self.text(of: $0)) }
        lines += self.response.dates.map { ("Date", Self.text(of: $0)) }
        lines += self.response.expires.map { ("Expires", Self.text(of: $0)) }
        lines += self.response.lastModified.map { ("Last-Modified", Self.text(of: $0)) }
        if self.response.hasEntityTag { lines.append(("ETag", "\"a\"")) }
        lines += self.lines("Vary", self.response.vary)
        if self.response.hasCookie { lines.append(("Set-Cookie", "a=1")) }
        head.headers = .sample(lines)
        return head
    }

    mutating func head(of request: CacheModel.Request) -> RequestHead {
        var head = RequestHead()
        head.method = request.method == "GET" ? .get : .head
        var lines = self.lines("Cache-Control", request.control.map { self.text(of: $0) })
        if request.hasPragma { lines.append(("Pragma", "no-cache")) }
        if request.hasCredentials { lines.append((self.chance(50) ? "Cookie" : "Authorization", "a")) }
        head.headers = .sample(lines)
        return head
    }

    /// The members in one line or two.
    private mutating func lines(_ name: String, _ members: [String]) -> [(String, String)] {
        guard !members.isEmpty else { return [] }
        let cut = self.chance(30) ? self.number(0..<members.count) : 0
        let separator = self.any(of: [",", ", ", " ,  "])
        return [members[..<cut], members[cut...]].filter { !$0.isEmpty }
            .map { (name, $0.joined(separator: name.hasPrefix("CDN") ? ", " : separator)) }
    }

    private mutating func text(of directive: CacheModel.Directive) -> String {
        func spelled(_ name: String, _ isUpper: Bool) -> String { isUpper ? name.uppercased() : name }
        let isUpper = self.chance(20)
        switch directive {
        case .flag(let name): return spelled(name, isUpper)
        case .seconds(let name, let seconds):
            let text = Self.text(of: seconds)
            return spelled(name, isUpper) + "=" + (self.chance(20) ? "\"\(text)\"" : text)
        case .fields(let name, let fields):
            return spelled(name, isUpper) + "=\"" + fields.joined(separator: ", ") + "\""
        }
    }

    private static func member(of directive: CacheModel.Directive) -> String {
        switch directive {
        case .flag(let name): name
        case .seconds(let name, let seconds): name + "=" + self.text(of: seconds)
        case .fields(let name, let fields): name + "=\"" + fields.joined(separator: ", ") + "\""
        }
    }

    private static func text(of seconds: CacheModel.Seconds) -> String {
        switch seconds {
        case .number(let number): "\(number)"
        case .malformed(let text): text
        }
    }

    private static func text(of date: CacheModel.Date) -> String {
        switch date {
        case .malformed(let text): return text
        case .after(let seconds):
            var time = time_t(Self.now) + seconds
            var parts = tm()
            gmtime_r(&time, &parts)
            func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
            return "\(self.days[Int(parts.tm_wday)]), \(two(parts.tm_mday)) \(self.months[Int(parts.tm_mon)]) "
                + "\(parts.tm_year + 1900) \(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) GMT"
        }
    }

    private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
