package import GatewayCore
import GatewayHTTP
package import GatewaySettings
package import Logging
import NIOCore
import NIOPosix
import Synchronization

/// Records who changed what, when, and from where: in memory, and in a file if the configuration names one.
///
/// An act is recorded before it happens, and refused if that fails. One act follows the other, so that the entries are in the
/// order of what happened. The file is used on threads that may block.
package final class AuditLog: Sendable {
    private let turns = Turns()
    /// Only used by the one that has the turn, so that nobody waits for it.
    private let store: Mutex<AuditStore>
    private let notes: Mutex<Notes>
    private let log: Logger

    /// What clients did and nobody waits for.
    private struct Notes {
        /// The maximum number of entries that wait for a disk.
        static let limit = 1000

        var events: Set<AuditEvents>
        var floods = AuditFloods()
        var pending: [AuditEntry] = []
        /// Ends the intervals of the floods; nil if there are none.
        var timer: Task<Void, Never>?

        mutating func endInterval(at time: Int64) {
            let counted = self.floods.endInterval().prefix(max(0, Self.limit - self.pending.count))
            self.pending += counted.map { entry in
                var entry = entry
                entry.time = time
                return entry
            }
        }
    }

    package init(_ settings: AuditConfiguration = AuditConfiguration(), log: Logger = Logger(label: "gateway")) {
        self.store = Mutex(AuditStore(settings))
        self.notes = Mutex(Notes(events: Set(settings.events)))
        self.log = log
    }

    /// Applies new settings. A new file continues the chain.
    package func configure(_ settings: AuditConfiguration) async {
        self.notes.withLock { $0.events = Set(settings.events) }
        await self.turn { $0.configure(settings) }
    }

    /// Opens the file and continues its chain. The gateway starts without it, but refuses acts then.
    package func open() async { await self.turn { $0.reopen(nil) } }

    /// Looks whether log rotation has moved the file, and begins a new one.
    package func reopen() async {
        await self.turn { store in
            var entry = AuditEntry(.reopen, by: .signal)
            entry.time = Platform.unixMilliseconds()
            return store.reopen(entry)
        }
    }

    // MARK: Acts

    /// Records an act and then does it. No other act comes in between.
    ///
    /// - Parameters:
    ///   - events: The kind of the act. If the configuration does not list it, it is done without being recorded.
    ///   - entry: What the act changes. Called when the acts before are done.
    /// - Throws: Why the act cannot be recorded. It was not done then.
    package func perform<Outcome>(
        _ events: AuditEvents,
        _ entry: @autoclosure () -> AuditEntry,
        _ act: () async -> Outcome
    ) async throws(AuditFailure) -> Outcome {
        await self.turns.enter()
        defer { self.turns.leave() }
        if self.notes.withLock({ $0.events.contains(events) }) {
            var entry = entry()
            entry.time = Platform.unixMilliseconds()
            let failure = await self.write { [entry] in $0.write(entry, isAct: true) }
            if let failure, self.store.withLock({ $0.isRequired }) { throw failure }
        }
        return await act()
    }

    /// Records that an act was refused or has failed.
    package func failed(_ events: AuditEvents, _ entry: AuditEntry) async {
        guard self.notes.withLock({ $0.events.contains(events) }) else { return }
        var entry = entry
        entry.time = Platform.unixMilliseconds()
        await self.turn { [entry] in $0.write(entry, isAct: false) }
    }

    // MARK: Notes

    /// Records what a client did, soon. Never waits, from any thread. Repetitions are counted.
    ///
    /// - Parameter address: The address of the client; nil if it has none.
    func note(_ events: AuditEvents, _ entry: AuditEntry, from address: IPAddress?) {
        let isFirst = self.notes.withLock { notes in
            guard notes.events.contains(events) else { return false }
            if notes.timer == nil { notes.timer = self.startTimer() }
            var entry = entry
            entry.time = Platform.unixMilliseconds()
            guard notes.floods.occurred(entry, from: address?.network), notes.pending.count < Notes.limit else {
                return false
            }
            notes.pending.append(entry)
            return notes.pending.count == 1
        }
        if isFirst { Task { await self.turn { $0.write(nil, isAct: false) } } }
    }

    /// Records wrong credentials of clients. Never blocks, and refuses nothing.
    package func record(_ failure: CredentialFailure) {
        let actor = AuditActor(
            name: AuditActor.anonymous,
            address: failure.address.description,
            requestID: failure.requestID
        )
        let detail: JSONValue = ["kind": .string(failure.kind), "reason": .string(failure.reason)]
        let entry = AuditEntry(
            .failAuthentication,
            by: actor,
            target: failure.route,
            after: detail,
            result: "unauthorized"
        )
        self.note(.authFailure, entry, from: failure.address.ip)
    }

    private func startTimer() -> Task<Void, Never> {
        Task { [weak self] in
            repeat {
                try? await Task.sleep(nanoseconds: UInt64(AuditFloods.interval.nanoseconds))
            } while await self?.endInterval() == true && !Task.isCancelled
        }
    }

    /// Returns whether another interval begins.
    private func endInterval() async -> Bool {
        let isCounting = self.notes.withLock { notes in
            notes.endInterval(at: Platform.unixMilliseconds())
            if !notes.floods.isCounting { notes.timer = nil }
            return notes.floods.isCounting
        }
        await self.turn { $0.write(nil, isAct: false) }
        return isCounting
    }

    // MARK: Reading

    /// The lines after a number, the oldest first.
    func entries(after seq: Int, limit: Int) async -> [AuditLine] {
        await self.turn { $0.write(nil, isAct: false) }
        return self.store.withLock { $0.memory.entries(after: seq, limit: limit) }
    }

    /// Writes what was counted, and closes the file.
    package func stop() async {
        self.notes.withLock { notes in
            notes.timer?.cancel()
            notes.endInterval(at: Platform.unixMilliseconds())
        }
        await self.turn { store in
            let failure = store.write(nil, isAct: false)
            store.end()
            return failure
        }
    }

    // MARK: The file

    private func turn(_ use: @escaping @Sendable (inout AuditStore) -> AuditFailure?) async {
        await self.turns.enter()
        defer { self.turns.leave() }
        _ = await self.write(use)
    }

    /// Uses the file on a thread that may block, after what clients did until now was added.
    private func write(_ use: @escaping @Sendable (inout AuditStore) -> AuditFailure?) async -> AuditFailure? {
        let pending = self.notes.withLock { notes in
            defer { notes.pending = [] }
            return notes.pending
        }
        let write: @Sendable () -> AuditFailure? = {
            let (failure, report) = self.store.withLock { store in
                for entry in pending { store.memory.wait(entry) }
                let failure = use(&store)
                return (failure, store.report(failure))
            }
            switch report {
            case .failed(let failure)?: self.log.error("\(failure)")
            case .recovered(let path)?: self.log.notice("the audit log is written again", metadata: ["file": "\(path)"])
            case nil: break
            }
            return failure
        }
        guard self.store.withLock({ $0.hasFile }) else { return write() }
        do {
            return try await NIOThreadPool.singleton.runIfActive(write)
        } catch {
            return AuditFailure(path: "", reason: "the gateway ends")
        }
    }
}

extension IPAddress {
    /// The address, or the network of 64 bits of an IPv6 address, which one client may have as a whole.
    fileprivate var network: String {
        self.isIPv6 ? IPAddress(ipv6High: self.high, low: 0).description + "/64" : self.description
    }
}
