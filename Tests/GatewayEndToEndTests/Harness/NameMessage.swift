import Gateway
import NIOCore

@testable import GatewayHTTP

/// A question to a name server.
struct NameQuestion: Sendable {
    enum Kind: UInt16, Sendable {
        case ipv4 = 1
        case ipv6 = 28
    }

    let id: UInt16
    /// In lower case, without a trailing dot.
    let name: String
    let kind: Kind
    let isStream: Bool
    /// The original question, which a response repeats.
    let bytes: [UInt8]

    /// Returns nil if the message is not a question for addresses.
    init?(_ message: [UInt8], isStream: Bool) {
        guard message.count > 12 else { return nil }
        var labels: [String] = []
        var at = 12
        while at < message.count, message[at] != 0 {
            let length = Int(message[at])
            guard length < 64, at + length + 1 < message.count else { return nil }
            labels.append(String(decoding: message[at + 1...at + length], as: UTF8.self))
            at += length + 1
        }
        guard at + 4 < message.count, let kind = Kind(rawValue: UInt16(message[at + 1]) << 8 | UInt16(message[at + 2]))
        else { return nil }
        self.id = UInt16(message[0]) << 8 | UInt16(message[1])
        self.name = labels.joined(separator: ".").lowercased()
        self.kind = kind
        self.isStream = isStream
        self.bytes = Array(message[12...at + 4])
    }
}

/// A resource record of a response (RFC 1035 section 3.2.1).
enum NameRecord: Sendable {
    case address(String, seconds: UInt32 = 60)
    case alias(String, to: String, seconds: UInt32 = 60)

    /// Whether the record answers a question of this kind.
    func answers(_ kind: NameQuestion.Kind) -> Bool {
        switch self {
        case .address(let text, _): text.contains(":") == (kind == .ipv6)
        case .alias: true
        }
    }
}

/// The response of a name server.
enum NameReply: Sendable {
    case silence
    /// The records that match the kind of the question. `owner` is the name that owns the addresses, if not the one
    /// in the question.
    case records([NameRecord], owner: String? = nil)
    /// NXDOMAIN is 3, SERVFAIL 2, REFUSED 5.
    case failure(code: UInt8)
    /// A response with the truncation flag.
    case truncated
    /// These messages, in order.
    case raw([[UInt8]])

    static func addresses(_ texts: String..., seconds: UInt32 = 60) -> NameReply {
        .records(texts.map { .address($0, seconds: seconds) })
    }

    func messages(to question: NameQuestion) -> [[UInt8]] {
        switch self {
        case .silence: []
        case .records(let records, let owner):
            [Self.message(question, records.filter { $0.answers(question.kind) }, owner: owner ?? question.name)]
        case .failure(let code): [Self.message(question, [], owner: "", flags: 0x8180 | UInt16(code))]
        case .truncated: [Self.message(question, [], owner: "", flags: 0x8380)]
        case .raw(let messages): messages
        }
    }

    static func message(
        _ question: NameQuestion,
        _ records: [NameRecord],
        owner: String,
        flags: UInt16 = 0x8180
    ) -> [UInt8] {
        var message = ByteBuffer()
        message.writeInteger(question.id)
        message.writeInteger(flags)
        for count in [1, records.count, 0, 0] { message.writeInteger(UInt16(count)) }
        message.writeBytes(question.bytes)
        for record in records {
            let data: [UInt8]
            switch record {
            case .address(let text, let seconds):
                data = Self.bytes(of: text)
                message.writeBytes(Self.name(owner))
                message.writeInteger(UInt16(data.count == 4 ? 1 : 28))
                message.writeInteger(UInt16(1))
                message.writeInteger(seconds)
            case .alias(let from, let to, let seconds):
                data = Self.name(to)
                message.writeBytes(Self.name(from))
                message.writeInteger(UInt16(5))
                message.writeInteger(UInt16(1))
                message.writeInteger(seconds)
            }
            message.writeInteger(UInt16(data.count))
            message.writeBytes(data)
        }
        return Array(message.readableBytesView)
    }

    static func name(_ text: String) -> [UInt8] {
        text.split(separator: ".").flatMap { [UInt8($0.utf8.count)] + Array($0.utf8) } + [0]
    }

    private static func bytes(of text: String) -> [UInt8] {
        guard let address = IPAddress(text) else { return [] }
        let all = [address.high, address.low].flatMap { half in
            (0..<8).map { UInt8(truncatingIfNeeded: half >> (56 - 8 * UInt64($0))) }
        }
        return address.isIPv6 ? all : Array(all.suffix(4))
    }
}
