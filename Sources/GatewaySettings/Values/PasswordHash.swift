/// A hashed password, as `gateway key password`, `htpasswd -B` and `openssl passwd -6` write it: bcrypt, SHA-256 crypt or
/// SHA-512 crypt.
public struct PasswordHash: Hashable {
    /// How the password was hashed.
    public enum Scheme: Hashable, Sendable {
        /// `$2y$12$…`. Uses the first 72 bytes of a password.
        case bcrypt
        /// `$5$…`
        case sha256
        /// `$6$…`
        case sha512
    }

    /// The hash as it is written.
    public let text: String
    public let scheme: Scheme
    /// The cost of bcrypt, as a power of two, or the rounds of the others.
    package let cost: Int

    /// The costs of bcrypt that are accepted. More would keep a core busy for many seconds per password.
    package static let bcryptCosts = 4...16
    /// The rounds of SHA-256 and SHA-512 crypt that are accepted.
    package static let rounds = 1000...5_000_000

    /// A placeholder for a missing hash. Validation rejects it.
    package static let missing = PasswordHash(text: "", scheme: .bcrypt, cost: 0)

    private init(text: String, scheme: Scheme, cost: Int) {
        self.text = text
        self.scheme = scheme
        self.cost = cost
    }

    /// The part of ``text`` that depends on the password.
    package var checksum: Substring {
        self.scheme == .bcrypt
            ? self.text.suffix(31) : self.text[(self.text.lastIndex(of: "$") ?? self.text.startIndex)...]
    }
}

extension PasswordHash: Setting {
    public static var shape: SettingShape { .string("password hash", examples: ["$2y$12$…"]) }

    public init(setting value: SettingValue) throws(SettingError) {
        guard case .string(let text) = value else {
            throw SettingError("is not a password hash", suggestion: Self.suggestion)
        }
        self = try Self.parse(text)
    }

    public var settingValue: SettingValue { .string(self.text) }

    /// Reads a hash; returns nil if it is none, or of a kind that is not accepted.
    public init?(_ text: String) {
        guard !text.isEmpty, let hash = try? Self.parse(text) else { return nil }
        self = hash
    }

    package static func parse(_ text: String) throws(SettingError) -> PasswordHash {
        if text.isEmpty { return .missing }
        if text.hasPrefix("$2a$") || text.hasPrefix("$2b$") || text.hasPrefix("$2y$") { return try Self.bcrypt(text) }
        if text.hasPrefix("$5$") { return try Self.shaCrypt(text, .sha256, length: 43) }
        if text.hasPrefix("$6$") { return try Self.shaCrypt(text, .sha512, length: 86) }
        throw SettingError(Self.problem(of: text), suggestion: Self.suggestion)
    }

    private static let suggestion = "run `gateway key password NAME` and use what it prints"

    /// Says what a text is that is not accepted.
    private static func problem(of text: String) -> String {
        if text.hasPrefix("$apr1$") || text.hasPrefix("$1$") { return "is an MD5 hash, which is easy to guess" }
        if text.hasPrefix("{SHA}") || text.hasPrefix("{SSHA}") { return "is a SHA-1 hash, which is easy to guess" }
        if text.hasPrefix("$2$") || text.hasPrefix("$2x$") { return "is a hash of a faulty version of bcrypt" }
        if text.hasPrefix("$") || text.hasPrefix("{") {
            return "is neither bcrypt, nor SHA-256 or SHA-512 crypt"
        }
        if text.utf8.count == 13, text.utf8.allSatisfy(Self.isDigit) {
            return "is plain text or a DES hash, which is easy to guess"
        }
        return "is plain text, not a password hash"
    }

    /// `$2y$`, two digits, `$`, 22 characters of salt, 31 of the hash.
    private static func bcrypt(_ text: String) throws(SettingError) -> PasswordHash {
        let bytes = Array(text.utf8)
        guard bytes.count == 60, bytes[6] == UInt8(ascii: "$"), bytes[7...].allSatisfy(Self.isDigit),
            let cost = Int(text.dropFirst(4).prefix(2)), text.dropFirst(4).first != "+"
        else { throw SettingError("is not a complete bcrypt hash", suggestion: Self.suggestion) }
        try Self.check(cost, in: Self.bcryptCosts, "a cost")
        return PasswordHash(text: text, scheme: .bcrypt, cost: cost)
    }

    /// `$5$`, perhaps `rounds=N$`, up to 16 characters of salt, `$`, the hash.
    private static func shaCrypt(
        _ text: String,
        _ scheme: Scheme,
        length: Int
    ) throws(SettingError) -> PasswordHash {
        var parts = text.dropFirst(3).split(separator: "$", omittingEmptySubsequences: false)
        var rounds = 5000
        if let first = parts.first, first.hasPrefix("rounds="), parts.count == 3 {
            let digits = first.dropFirst("rounds=".count)
            guard let number = Int(digits), digits.first != "+", digits.first != "0" else {
                throw SettingError("has rounds that are not a number", suggestion: Self.suggestion)
            }
            rounds = number
            parts.removeFirst()
        }
        guard parts.count == 2, (1...16).contains(parts[0].utf8.count), parts[0].utf8.allSatisfy(Self.isDigit),
            parts[1].utf8.count == length, parts[1].utf8.allSatisfy(Self.isDigit)
        else {
            let name = scheme == .sha256 ? "SHA-256" : "SHA-512"
            throw SettingError("is not a complete \(name) crypt hash", suggestion: Self.suggestion)
        }
        try Self.check(rounds, in: Self.rounds, "rounds")
        return PasswordHash(text: text, scheme: scheme, cost: rounds)
    }

    private static func check(_ cost: Int, in range: ClosedRange<Int>, _ name: String) throws(SettingError) {
        let problem: String
        if cost < range.lowerBound {
            problem = "has \(name) below \(range.lowerBound), which is easy to guess"
        } else if cost > range.upperBound {
            problem = "has \(name) above \(range.upperBound), which takes too long to check"
        } else {
            return
        }
        throw SettingError(problem, suggestion: Self.suggestion)
    }

    /// Whether the byte is a digit of the base 64 that hashes are written in.
    private static func isDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "/"):
            true
        default: false
        }
    }
}
