import GatewayCache
package import GatewayRedis
package import NIOCore

/// Sends commands of the second tier to Redis, on one event loop.
package protocol TierServer: AnyObject {
    /// Whether commands are sent. Otherwise they fail at once.
    var isUp: Bool { get }

    /// Asks for how many milliseconds the server keeps a value, and after that for the value.
    ///
    /// - Parameter done: Called once, on the event loop, within the time limit of commands: at once while Redis is down.
    func read(_ key: String, _ done: @escaping (Result<TierReading, any Error>) -> Void)

    /// - Parameter done: Called once, on the event loop, within the time limit of commands: at once while Redis is down.
    func send(_ command: TierCommand, _ done: @escaping (Result<RedisReply, any Error>) -> Void)
}

/// What the server has under a key.
package struct TierReading {
    /// Nil if there is none.
    package let value: ByteBuffer?
    /// For how many milliseconds the server keeps it; negative if there is none, or for ever.
    package let left: Int64

    package init(value: ByteBuffer?, left: Int64) {
        self.value = value
        self.left = left
    }
}

/// A command for one key.
package struct TierCommand: Sendable {
    package let key: String
    package let arguments: [ByteBuffer]

    init(_ name: String, _ key: String, _ arguments: [ByteBuffer] = []) {
        self.key = key
        self.arguments = [ByteBuffer(string: name), ByteBuffer(string: key)] + arguments
    }

    private init(script: String, key: String, _ arguments: [String]) {
        self.key = key
        self.arguments = (["EVAL", script, "1", key] + arguments).map { ByteBuffer(string: $0) }
    }

    // MARK: Values

    static func value(of key: String) -> TierCommand { TierCommand("GET", key) }

    /// Asks for how many milliseconds the server keeps the value.
    static func timeLeft(of key: String) -> TierCommand { TierCommand("PTTL", key) }

    static func write(_ value: ByteBuffer, to key: String, milliseconds: Int64) -> TierCommand {
        TierCommand("SET", key, [value, ByteBuffer(string: "PX"), ByteBuffer(string: "\(milliseconds)")])
    }

    // MARK: Purges

    /// Adds a purge to the stream and publishes it, at once so that the channel has the order of the stream. If the server's
    /// clock went back, the entry continues the stream that gateways have seen. Returns the entry's ID and the one before it.
    private static let add = """
        local top = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', '1')[1]
        local previous = top and top[1] or '0-0'
        local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'purge', ARGV[2])
        if tonumber(string.match(id, '^%d+')) < tonumber(ARGV[3]) then
            id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], ARGV[4], 'purge', ARGV[2])
        end
        redis.call('PUBLISH', ARGV[5], id .. ' ' .. previous .. ' ' .. ARGV[2])
        return {id, previous}
        """

    /// Begins an empty stream, in place of whatever else has its name.
    private static let begin = """
        if redis.call('TYPE', KEYS[1]).ok ~= 'stream' then redis.call('DEL', KEYS[1]) end
        if redis.call('XLEN', KEYS[1]) > 0 then return 0 end
        local added = redis.pcall('XADD', KEYS[1], ARGV[1], 'purge', ARGV[2])
        if type(added) == 'table' and added.err then redis.call('XADD', KEYS[1], '*', 'purge', ARGV[2]) end
        return 1
        """

    static func add(_ entry: TierEntry, after stamp: TierStamp, to names: TierNames) -> TierCommand {
        let length = String(TierPurges.streamLength)
        let milliseconds = String(stamp.milliseconds)
        return TierCommand(
            script: Self.add,
            key: names.stream,
            [length, entry.text, milliseconds, stamp.next.id, names.channel]
        )
    }

    static func begin(_ entry: TierEntry, at stamp: TierStamp?, in names: TierNames) -> TierCommand {
        TierCommand(script: Self.begin, key: names.stream, [stamp?.id ?? "*", entry.text])
    }

    static func read(from stamp: TierStamp?, in names: TierNames) -> TierCommand {
        let arguments = [stamp?.id ?? "-", "+", "COUNT", String(TierPurges.pageLength)]
        return TierCommand("XRANGE", names.stream, arguments.map { ByteBuffer(string: $0) })
    }
}

/// The names under which gateways share their purges.
package struct TierNames: Sendable {
    package let prefix: String

    package init(prefix: String) { self.prefix = prefix }

    package var stream: String { self.prefix + "cache:purges" }
    package var channel: String { self.prefix + "cache:purges" }
}
