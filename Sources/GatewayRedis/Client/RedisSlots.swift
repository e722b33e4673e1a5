import GatewaySettings

/// Which master of a cluster has which slots.
struct RedisSlots: Equatable {
    /// For each slot the index of its master, or -1.
    private var owners = [Int16](repeating: -1, count: RedisSlot.count)
    private(set) var masters: [RedisURL.Host] = []

    /// Reads the reply to `CLUSTER SLOTS`. Nil if it is none, or names no master.
    ///
    /// - Parameter asked: The server that replied. A host without a name is this one.
    init?(_ reply: RedisReply, asked: RedisURL.Host) {
        guard case .array(let rows) = reply else { return nil }
        for row in rows {
            guard case .array(let parts) = row, parts.count >= 3, case .integer(let first) = parts[0],
                case .integer(let last) = parts[1], first >= 0, first <= last, last < RedisSlot.count,
                case .array(let node) = parts[2], node.count >= 2, case .integer(let port) = node[1],
                (1...65_535).contains(port)
            else { return nil }
            let name = node[0].text ?? ""
            // `?` is a server that does not know its name.
            self.assign(
                first...last,
                to: RedisURL.Host(name.isEmpty || name == "?" ? asked.name : name, port: port)
            )
        }
        if self.masters.isEmpty { return nil }
    }

    init() {}

    /// The master of a slot.
    subscript(slot: Int) -> RedisURL.Host? {
        let owner = Int(self.owners[slot])
        return owner >= 0 ? self.masters[owner] : nil
    }

    mutating func assign(_ slots: ClosedRange<Int>, to master: RedisURL.Host) {
        let index: Int
        if let known = self.masters.firstIndex(of: master) {
            index = known
        } else {
            guard self.masters.count < Int(Int16.max) else { return }
            index = self.masters.count
            self.masters.append(master)
        }
        for slot in slots { self.owners[slot] = Int16(index) }
    }
}

/// What a server of a cluster said about a key that it does not have.
struct RedisRedirection: Equatable {
    let slot: Int
    let host: RedisURL.Host
    /// The slot has moved. Otherwise only this command goes there.
    let isForGood: Bool

    /// Reads `MOVED 3999 127.0.0.1:6381` and `ASK 3999 127.0.0.1:6381`.
    ///
    /// - Parameter asked: The server that replied. A host without a name is this one.
    init?(_ text: String, asked: RedisURL.Host) {
        let parts = text.split(separator: " ")
        guard parts.count == 3, parts[0] == "MOVED" || parts[0] == "ASK",
            let slot = Int(parts[1]), (0..<RedisSlot.count).contains(slot),
            let colon = parts[2].lastIndex(of: ":"), let port = Int(parts[2][parts[2].index(after: colon)...]),
            (1...65_535).contains(port)
        else { return nil }
        var name = parts[2][..<colon]
        if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() }
        self.slot = slot
        self.host = RedisURL.Host(name.isEmpty || name == "?" ? asked.name : String(name), port: port)
        self.isForGood = parts[0] == "MOVED"
    }
}
