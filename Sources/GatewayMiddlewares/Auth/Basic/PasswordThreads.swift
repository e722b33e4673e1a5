import GatewayAccess
import GatewayCore
import NIOCore
import NIOPosix
import Synchronization

/// Hashes passwords on separate threads, at most as many at once as there are cores.
///
/// The threads start with the first password, and end with the last plan that may need them. ``PasswordQueue`` decides
/// what they do.
final class PasswordThreads: Sendable {
    /// A password to check.
    struct Work: Sendable {
        let users: BasicUsers
        let lookup: PasswordUsers.OnLookup
        let password: [UInt8]

        func run() -> PasswordVerdict {
            switch self.lookup {
            case .user(let index, let hash): return hash.matches(self.password) ? .right(index) : .wrong(isUser: true)
            case .nobody(let hash):
                // Only the time that it takes matters.
                _ = hash.matches(self.password)
                return .wrong(isUser: false)
            case .empty: return .wrong(isUser: false)
            }
        }
    }

    typealias Waiter = @Sendable (PasswordVerdict) -> Void
    typealias Queue = PasswordQueue<Work, Waiter>

    private struct State {
        var queue: Queue
        var isStarted = false
    }

    private let run: @Sendable (Work) -> PasswordVerdict
    private let threads: NIOThreadPool
    private let state: Mutex<State>

    /// - Parameter run: Compares a password. Tests replace it.
    init(concurrency: Int = System.coreCount, run: @escaping @Sendable (Work) -> PasswordVerdict = { $0.run() }) {
        self.run = run
        self.threads = NIOThreadPool(numberOfThreads: concurrency)
        self.state = Mutex(State(queue: Queue(concurrency: concurrency)))
    }

    deinit { self.threads.shutdownGracefully { _ in } }

    /// Checks a password.
    ///
    /// - Parameter waiter: Receives the verdict on another thread, unless it leaves.
    /// - Returns: The place in the queue. Nil if there is none; `waiter` is not called then.
    func check(_ pair: PairDigest, _ work: Work, of client: Queue.Client, _ waiter: @escaping Waiter) -> Queue.Ticket? {
        let result = self.state.withLock { state in
            if !state.isStarted {
                state.isStarted = true
                self.threads.start()
            }
            return state.queue.submit(pair, work, of: client, waiter)
        }
        switch result {
        case .start(let job, let ticket):
            self.threads.submit { _ in self.work(on: job) }
            return ticket
        case .wait(let ticket): return ticket
        case .displace(let others, let ticket):
            for other in others { other(.unavailable) }
            return ticket
        case .refuse: return nil
        }
    }

    /// Forgets a waiter whose client has left.
    func leave(_ ticket: Queue.Ticket) { self.state.withLock { $0.queue.leave(ticket) } }

    /// Runs on one of the threads.
    private func work(on first: Queue.Job) {
        Platform.giveWay()
        var next: Queue.Job? = first
        while let job = next {
            let verdict = self.run(job.work)
            // Before the pair leaves the queue, so that nobody has it hashed again in between.
            job.work.users.remember(job.pair, verdict, at: .now())
            let finished = self.state.withLock { $0.queue.finish(job.pair) }
            for waiter in finished.waiters { waiter(verdict) }
            next = finished.next
        }
    }
}
