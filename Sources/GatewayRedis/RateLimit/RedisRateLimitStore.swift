import Crypto
package import GatewayCore
import NIOCore

/// Counts the requests of one limiter in Redis, for one event loop: one command and one round trip per request.
package final class RedisRateLimitStore: RateLimitStore {
    package let seed: SipHash.Seed
    private let server: any RateLimitServer
    private let rule: RateLimitRule
    /// A key up to the digest of the client. Braces hash all keys of a limiter's client to one slot of a cluster.
    private let keyPrefix: [UInt8]
    private let arguments: [ByteBuffer]

    /// - Parameters:
    ///   - limiter: Limiters with this name share their counts.
    ///   - prefix: Gateways with this prefix share their counts.
    package init(_ server: any RateLimitServer, prefix: String, limiter: String, rule: RateLimitRule) {
        self.server = server
        self.rule = rule
        self.seed = Self.seed(prefix)
        var hash = SipHash(seed: self.seed)
        Array(limiter.utf8).withUnsafeBytes { hash.combine($0) }
        self.keyPrefix = Array("\(prefix)limit:{".utf8) + Self.digits(hash.finish().0)
        self.arguments = RateLimitScript.arguments(rule).map { ByteBuffer(string: $0) }
    }

    package func take(
        _ key: RateLimitKey,
        _ done: @escaping (Result<RateLimitCount, RateLimitStoreError>) -> Void
    ) -> RateLimitStoreError? {
        if let absence = self.server.absence { return RateLimitStoreError(reason: absence) }
        let call = Call(done)
        let key = self.name(of: key)
        let deadline = self.server.deadline
        self.server.send(self.command(Self.evalsha, Self.digest, key), key: key, deadline: deadline) { [self] reply in
            guard case .success(.error(let text)) = reply, text.hasPrefix("NOSCRIPT") else {
                return call.end(self.count(reply))
            }
            // The server has just started, or forgot its scripts. Nothing was counted.
            self.server.send(self.command(Self.eval, Self.source, key), key: key, deadline: deadline) {
                call.end(self.count($0))
            }
        }
        return call.returned()
    }

    private func count(_ reply: Result<RedisReply, RateLimitServerError>) -> Result<RateLimitCount, RateLimitStoreError>
    {
        switch reply {
        case .failure(let error): return .failure(RateLimitStoreError(reason: error.reason))
        case .success(.error(let text)): return .failure(RateLimitStoreError(reason: "Redis: \(text)"))
        case .success(let reply):
            guard let count = RateLimitScript.count(reply, by: self.rule) else {
                return .failure(RateLimitStoreError(reason: "Redis: unexpected reply"))
            }
            return .success(count)
        }
    }

    // MARK: Commands

    private static let evalsha = ByteBuffer(string: "EVALSHA")
    private static let eval = ByteBuffer(string: "EVAL")
    private static let one = ByteBuffer(string: "1")
    private static let digest = ByteBuffer(string: RateLimitScript.digest)
    private static let source = ByteBuffer(string: RateLimitScript.source)

    private func command(_ name: ByteBuffer, _ script: ByteBuffer, _ key: ByteBuffer) -> [ByteBuffer] {
        var command: [ByteBuffer] = []
        command.reserveCapacity(4 + self.arguments.count)
        command.append(name)
        command.append(script)
        command.append(Self.one)
        command.append(key)
        command.append(contentsOf: self.arguments)
        return command
    }

    private func name(of key: RateLimitKey) -> ByteBuffer {
        var name = ByteBuffer()
        name.reserveCapacity(self.keyPrefix.count + 33)
        name.writeBytes(self.keyPrefix)
        name.writeHexadecimal(key.high)
        name.writeHexadecimal(key.low)
        name.writeInteger(UInt8(ascii: "}"))
        return name
    }

    /// The same for all gateways with this prefix, so it is no secret: a digest does not show a client, but who can read
    /// the keys can try addresses.
    private static func seed(_ prefix: String) -> SipHash.Seed {
        let digest = Array(SHA256.hash(data: Array("gateway rate limit \(prefix)".utf8)))
        return SipHash.Seed(Self.word(digest[..<8]), Self.word(digest[8..<16]))
    }

    private static func word(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }

    private static func digits(_ word: UInt64) -> [UInt8] {
        var buffer = ByteBuffer()
        buffer.writeHexadecimal(word)
        return Array(buffer.readableBytesView)
    }
}

extension RedisRateLimitStore {
    /// Tells a reply that comes while the command is sent from one that comes later.
    private final class Call {
        private var done: ((Result<RateLimitCount, RateLimitStoreError>) -> Void)?
        private var early: RateLimitStoreError?
        private var hasReturned = false

        init(_ done: @escaping (Result<RateLimitCount, RateLimitStoreError>) -> Void) { self.done = done }

        func end(_ result: Result<RateLimitCount, RateLimitStoreError>) {
            guard let done = self.done else { return }
            self.done = nil
            if self.hasReturned { return done(result) }
            if case .failure(let error) = result {
                self.early = error
            } else {
                self.early = RateLimitStoreError(reason: "Redis: unexpected reply")
            }
        }

        func returned() -> RateLimitStoreError? {
            self.hasReturned = true
            return self.early
        }
    }
}

@available(*, unavailable)
extension RedisRateLimitStore: Sendable {}

extension ByteBuffer {
    fileprivate mutating func writeHexadecimal(_ word: UInt64) {
        for shift in stride(from: UInt64(60), through: 0, by: -4) {
            let digit = UInt8(word >> shift & 15)
            self.writeInteger(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
        }
    }
}
