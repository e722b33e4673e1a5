import Crypto
import GatewayHTTP
import GatewaySettings

/// An entry of the audit log in its place in the chain: one line of JSON, without its line feed.
///
/// The line ends with the hash of what precedes it, and what precedes it contains the hash of the line before.
package struct AuditLine: Hashable, Sendable {
    package let bytes: [UInt8]
    package let seq: Int
    /// The hash of the line before, in hexadecimal.
    package let previous: String
    /// In hexadecimal.
    package let hash: String

    /// `previous` of the first line of all.
    package static let noHash = String(repeating: "0", count: 64)

    /// Puts an entry into its place.
    init(_ entry: AuditEntry, seq: Int, previous: String) {
        let members = entry.members(seq: seq) + [.init(name: "previous", value: .string(previous))]
        let text = JSONText.text(.object(members))
        let hash = Self.hash(of: text.utf8)
        self.bytes = Array((text.dropLast() + Self.hashPrefix + hash + Self.suffix).utf8)
        self.seq = seq
        self.previous = previous
        self.hash = hash
    }

    /// Larger numbers do not come from a log.
    private static let lastSeq = 1 << 53

    private static let digits = Array("0123456789abcdef".utf8)
    private static let seqPrefix = "{\"seq\":"
    private static let previousPrefix = ",\"previous\":\""
    private static let hashPrefix = ",\"hash\":\""
    private static let suffix = "\"}"

    /// Reads a line. Whether its hash is right is for ``isIntact`` to say.
    ///
    /// - Returns: nil if this is not a line of an audit log.
    package init?(_ bytes: some Collection<UInt8>) {
        var line = Array(bytes)[...]
        guard Self.remove(Self.suffix, fromEndOf: &line), let hash = Self.removeHash(fromEndOf: &line),
            Self.remove(Self.hashPrefix, fromEndOf: &line), Self.remove("\"", fromEndOf: &line),
            let previous = Self.removeHash(fromEndOf: &line), Self.remove(Self.previousPrefix, fromEndOf: &line),
            line.starts(with: Self.seqPrefix.utf8)
        else { return nil }
        let digits = line.dropFirst(Self.seqPrefix.utf8.count).prefix { $0 != UInt8(ascii: ",") }
        guard let seq = Int(digits: String(decoding: digits, as: UTF8.self)), 1...Self.lastSeq ~= seq else {
            return nil
        }
        self.bytes = Array(bytes)
        self.seq = seq
        self.previous = previous
        self.hash = hash
    }

    /// Whether the hash is that of the line.
    package var isIntact: Bool {
        let end = Self.hashPrefix.utf8.count + self.hash.utf8.count + Self.suffix.utf8.count
        return Self.hash(of: self.bytes.dropLast(end) + [UInt8(ascii: "}")]) == self.hash
    }

    private static func hash(of bytes: some Sequence<UInt8>) -> String {
        let digest = SHA256.hash(data: Array(bytes))
        let digits = digest.flatMap { [Self.digits[Int($0 >> 4)], Self.digits[Int($0 & 15)]] }
        return String(decoding: digits, as: UTF8.self)
    }

    private static func remove(_ text: String, fromEndOf line: inout ArraySlice<UInt8>) -> Bool {
        guard line.count >= text.utf8.count, line.suffix(text.utf8.count).elementsEqual(text.utf8) else { return false }
        line = line.dropLast(text.utf8.count)
        return true
    }

    private static func removeHash(fromEndOf line: inout ArraySlice<UInt8>) -> String? {
        let hash = line.suffix(Self.noHash.utf8.count)
        guard hash.count == Self.noHash.utf8.count, hash.allSatisfy(Self.digits.contains) else { return nil }
        line = line.dropLast(hash.count)
        return String(decoding: hash, as: UTF8.self)
    }
}
