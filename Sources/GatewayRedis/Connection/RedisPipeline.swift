import DequeModule
import NIOCore

/// The commands on a connection that wait for replies, in their order.
struct RedisPipeline<Call> {
    /// After so many commands in a row without a reply in time, the server counts as down.
    static var tolerated: Int { 3 }

    struct Limits {
        var commands = 8192
        var bytes = 64 * 1024 * 1024
    }

    private struct Entry {
        /// Nil once it timed out. Its reply may still come.
        var call: Call?
        let bytes: Int
        let deadline: NIODeadline
    }

    private let limits: Limits
    private var entries: Deque<Entry> = []
    private var bytes = 0
    /// The commands in a row that had no reply in time.
    private(set) var timeouts = 0

    init(limits: Limits = Limits()) { self.limits = limits }

    var count: Int { self.entries.count }

    /// Adds a command that is about to be sent. Returns false if too many wait.
    mutating func append(_ call: Call, bytes: Int, deadline: NIODeadline) -> Bool {
        guard self.entries.count < self.limits.commands else { return false }
        guard self.entries.isEmpty || self.bytes + bytes <= self.limits.bytes else { return false }
        self.bytes += bytes
        self.entries.append(Entry(call: call, bytes: bytes, deadline: deadline))
        return true
    }

    enum OnReply {
        /// The reply belongs to this command.
        case deliver(Call)
        /// The reply belongs to a command that timed out.
        case ignore
        /// No command waits.
        case unexpected
    }

    /// A reply came. It belongs to the oldest command.
    mutating func reply() -> OnReply {
        guard let entry = self.entries.popFirst() else { return .unexpected }
        self.bytes -= entry.bytes
        guard let call = entry.call else { return .ignore }
        self.timeouts = 0
        return .deliver(call)
    }

    struct OnTime {
        /// The commands that timed out.
        var calls: [Call] = []
        /// Whether the server counts as down.
        var isDown = false
        /// When to look again. Nil if no command waits.
        var next: NIODeadline?
    }

    mutating func expire(at now: NIODeadline) -> OnTime {
        var outcome = OnTime()
        for index in self.entries.indices {
            guard let call = self.entries[index].call else { continue }
            let deadline = self.entries[index].deadline
            if deadline <= now {
                self.entries[index].call = nil
                self.timeouts += 1
                outcome.calls.append(call)
            } else {
                outcome.next = min(outcome.next ?? deadline, deadline)
            }
        }
        outcome.isDown = self.timeouts >= Self.tolerated
        return outcome
    }

    /// The connection ended. Returns the commands that still wait.
    mutating func removeAll() -> [Call] {
        defer {
            self.entries = []
            self.bytes = 0
        }
        return self.entries.compactMap(\.call)
    }
}
