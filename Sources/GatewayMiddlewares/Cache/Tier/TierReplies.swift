import GatewayCache
import GatewayRedis
import NIOCore

/// What replies of Redis mean for the second tier. Nil for what no reply of Redis is.
enum TierReplies {
    /// The entries of a stream. There are none if somebody has put something else in its place.
    static func entries(_ reply: RedisReply) -> [(stamp: TierStamp, entry: TierEntry)]? {
        if case .error(let text) = reply, text.hasPrefix("WRONGTYPE") { return [] }
        guard case .array(let rows) = reply else { return nil }
        var entries: [(stamp: TierStamp, entry: TierEntry)] = []
        for row in rows {
            guard case .array(let row) = row, row.count == 2, let id = self.text(row[0]) else { return nil }
            guard let stamp = TierStamp(id: id) else { return nil }
            // Whatever else is in the stream cannot be read, and so purges everything.
            var text = ""
            if case .array(let fields) = row[1], fields.count == 2 { text = self.text(fields[1]) ?? "" }
            entries.append((stamp, TierEntry(text)))
        }
        return entries
    }

    /// The stamp of an added purge, and of the one before it.
    static func added(_ reply: RedisReply) -> (stamp: TierStamp, previous: TierStamp)? {
        guard case .array(let ids) = reply, ids.count == 2 else { return nil }
        let stamps = ids.compactMap { self.text($0).flatMap { TierStamp(id: $0) } }
        return stamps.count == 2 ? (stamps[0], stamps[1]) : nil
    }

    /// A message on the channel: the ID of the entry, that of the one before it, and the entry.
    static func message(_ bytes: ByteBuffer) -> (stamp: TierStamp, previous: TierStamp, entry: TierEntry)? {
        let parts = String(buffer: bytes).split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let stamp = TierStamp(id: parts[0]), let previous = TierStamp(id: parts[1]) else {
            return nil
        }
        return (stamp, previous, TierEntry(String(parts[2])))
    }

    private static func text(_ reply: RedisReply) -> String? {
        switch reply {
        case .bytes(let bytes): String(buffer: bytes)
        case .status(let text): text
        case .null, .error, .integer, .array: nil
        }
    }
}
