import DequeModule

/// Decides which password is hashed next: a state machine without threads or clocks.
///
/// A limited number of jobs run at once, and a limited number wait. Requests with the same pair share one job. Clients
/// take turns, and if the queue is full, the client with most jobs in it loses its last one to a client with fewer, so
/// none can keep the others out.
package struct PasswordQueue<Work, Waiter> {
    /// The pairs of one client, by its address.
    package typealias Client = UInt64

    /// A hash to compute.
    package struct Job {
        package let pair: PairDigest
        package let work: Work
        fileprivate let client: Client
        fileprivate var waiters: [(ticket: UInt64, waiter: Waiter)]
    }

    /// Identifies a waiter.
    package struct Ticket: Hashable, Sendable {
        fileprivate let pair: PairDigest
        fileprivate let number: UInt64
    }

    private let concurrency: Int
    private let limit: Int
    private var running: [PairDigest: Job] = [:]
    private var waiting: [PairDigest: Job] = [:]
    /// The waiting pairs of each client, oldest first. None is empty.
    private var lines: [Client: Deque<PairDigest>] = [:]
    /// The clients with waiting pairs, in the order of their turns.
    private var turns: Deque<Client> = []
    private var nextTicket: UInt64 = 0

    package init(concurrency: Int, limit: Int = 256) {
        self.concurrency = max(1, concurrency)
        self.limit = limit
    }

    package var runningCount: Int { self.running.count }
    package var waitingCount: Int { self.waiting.count }

    package enum OnSubmit {
        /// Compute the hash now, then call ``finish(_:)``.
        case start(Job, Ticket)
        /// The result follows.
        case wait(Ticket)
        /// The result follows. Others gave up their place for it, and get none.
        case displace([Waiter], Ticket)
        /// There is no place.
        case refuse
    }

    package mutating func submit(_ pair: PairDigest, _ work: Work, of client: Client, _ waiter: Waiter) -> OnSubmit {
        let ticket = Ticket(pair: pair, number: self.nextTicket)
        self.nextTicket &+= 1
        if self.running[pair]?.waiters.append((ticket.number, waiter)) != nil { return .wait(ticket) }
        if self.waiting[pair]?.waiters.append((ticket.number, waiter)) != nil { return .wait(ticket) }
        let job = Job(pair: pair, work: work, client: client, waiters: [(ticket.number, waiter)])
        if self.running.count < self.concurrency {
            self.running[pair] = job
            return .start(job, ticket)
        }
        if self.waiting.count < self.limit {
            self.enqueue(job)
            return .wait(ticket)
        }
        guard let longest = self.lines.max(by: { $0.value.count < $1.value.count }),
            longest.value.count > (self.lines[client]?.count ?? 0) + 1, let last = longest.value.last
        else { return .refuse }
        let displaced = self.dequeue(last)
        self.enqueue(job)
        return .displace(displaced?.waiters.map(\.waiter) ?? [], ticket)
    }

    /// Forgets a waiter whose client has left. A job that nobody waits for any more is not computed.
    package mutating func leave(_ ticket: Ticket) {
        self.running[ticket.pair]?.waiters.removeAll { $0.ticket == ticket.number }
        self.waiting[ticket.pair]?.waiters.removeAll { $0.ticket == ticket.number }
        if self.waiting[ticket.pair]?.waiters.isEmpty == true { _ = self.dequeue(ticket.pair) }
    }

    package struct OnFinish {
        /// Those who get the result.
        package let waiters: [Waiter]
        /// The hash to compute next.
        package let next: Job?
    }

    /// Call when a hash has been computed.
    package mutating func finish(_ pair: PairDigest) -> OnFinish {
        let waiters = self.running.removeValue(forKey: pair)?.waiters.map(\.waiter) ?? []
        guard let client = self.turns.first, let first = self.lines[client]?.first, let next = self.dequeue(first)
        else { return OnFinish(waiters: waiters, next: nil) }
        // Clients take turns.
        if self.turns.first == client {
            self.turns.removeFirst()
            self.turns.append(client)
        }
        self.running[first] = next
        return OnFinish(waiters: waiters, next: next)
    }

    private mutating func enqueue(_ job: Job) {
        self.waiting[job.pair] = job
        if self.lines[job.client]?.append(job.pair) == nil {
            self.lines[job.client] = [job.pair]
            self.turns.append(job.client)
        }
    }

    private mutating func dequeue(_ pair: PairDigest) -> Job? {
        guard let job = self.waiting.removeValue(forKey: pair) else { return nil }
        self.lines[job.client]?.removeAll { $0 == pair }
        if self.lines[job.client]?.isEmpty == true {
            self.lines[job.client] = nil
            self.turns.removeAll { $0 == job.client }
        }
        return job
    }
}

extension PasswordQueue.Job: Sendable where Work: Sendable, Waiter: Sendable {}
