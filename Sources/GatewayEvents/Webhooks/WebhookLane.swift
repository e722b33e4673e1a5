import DequeModule

/// The deliveries of one webhook: which one is next, and what follows from how it ended.
///
/// Deliveries go out one at a time, the oldest first. If one fails and its next try comes soon, later ones wait for it, so
/// that a receiver that restarts gets everything in order. After that, each keeps its own schedule, and later ones go out
/// in the meantime: one that is always refused holds up the others for ten seconds at most.
///
/// It reads no clock and no store. Times are in milliseconds since 1970.
struct WebhookLane {
    /// How often and when to try, the same for all webhooks.
    struct Schedule: Hashable, Sendable {
        /// The waits before further tries, in milliseconds.
        var retry: [Int64]
        /// How long everything must fail before the webhook is disabled, in milliseconds.
        var disableAfter: Int64
    }

    /// How many deliveries it knows of at a time. The others stay in the store.
    static let window = 16
    /// How long after its first failure a delivery may hold up later ones, in milliseconds.
    static let holdLimit: Int64 = 10_000
    /// How long a receiver that answers is not held up again.
    static let holdInterval: Int64 = 60_000
    /// The longest `Retry-After` that is heeded: by the delivery, and by all deliveries of the webhook.
    static let retryAfterLimit: Int64 = 24 * 3_600_000
    static let pauseLimit: Int64 = 3_600_000

    let id: String
    /// The number of deliveries that wait, including the one that is being sent.
    var pending = 0
    private(set) var isEnabled: Bool
    /// Since when everything fails; nil if the last try succeeded.
    private(set) var failingSince: Int64?

    /// The next deliveries, in order.
    private var ready: Deque<WebhookDelivery> = []
    /// Whether the store may have further ones that are due.
    private var hasMore = true
    /// When the first of the others is due that have failed before.
    private var nextDue: Int64?
    /// The question to the store that has no answer yet.
    private var fetch: Int?
    private var fetches = 0
    /// Whether nothing was asked for since the store changed.
    private var isUnknown = true
    private(set) var sending: WebhookDelivery?
    /// Whether what is being sent was given up. It is not tried again.
    private var isGivenUp = false
    /// The one that all others wait for, and until when.
    private var held: (delivery: WebhookDelivery, until: Int64)?
    /// The delivery that was held last, and since when.
    private var lastHold: (key: Int64, at: Int64)?
    private var hasSucceededSinceHold = false
    /// Nothing is sent before this time, because the receiver said so.
    private var pausedUntil = Int64.min

    init(_ id: String, isEnabled: Bool = true, failingSince: Int64? = nil, pending: Int = 0) {
        self.id = id
        self.isEnabled = isEnabled
        self.failingSince = failingSince
        self.pending = pending
    }

    /// Whether the last try failed. Such a webhook may wait for a connection longer than others.
    var isFailing: Bool { self.failingSince != nil }

    /// Whether nothing can be sent before some time passes.
    var isWaiting: Bool {
        !self.isEnabled || self.held != nil
            || self.sending == nil && self.ready.isEmpty && !self.hasMore && self.fetch == nil
    }

    // MARK: What is next

    enum OnTurn {
        /// Send this, and report the result with ``finished(_:at:with:random:)``.
        case send(WebhookDelivery)
        /// Ask the store for what is next, and report it with ``fetched(_:for:at:)``.
        case fetch(Int)
        /// Ask again at this time.
        case wait(until: Int64)
        /// Ask again after something was reported.
        case idle
    }

    mutating func next(at now: Int64) -> OnTurn {
        guard self.isEnabled, self.sending == nil else { return .idle }
        if now < self.pausedUntil { return .wait(until: self.pausedUntil) }
        if let held = self.held {
            if now < held.until { return .wait(until: held.until) }
            self.held = nil
            return self.send(held.delivery)
        }
        if self.fetch != nil { return .idle }
        let isDue = self.nextDue.map { $0 <= now } ?? false
        if !isDue, let first = self.ready.popFirst() { return self.send(first) }
        if isDue || self.hasMore {
            self.fetches += 1
            self.hasMore = false
            self.fetch = self.fetches
            return .fetch(self.fetches)
        }
        return self.nextDue.map { .wait(until: $0) } ?? .idle
    }

    private mutating func send(_ delivery: WebhookDelivery) -> OnTurn {
        self.sending = delivery
        return .send(delivery)
    }

    // MARK: The store

    /// The store has a new delivery.
    mutating func accepted(_ delivery: WebhookDelivery) {
        self.pending += 1
        if self.hasMore || self.fetch != nil || self.ready.count >= Self.window {
            self.hasMore = true
        } else {
            self.ready.append(delivery)
        }
    }

    /// The answer to ``OnTurn/fetch(_:)``.
    ///
    /// - Parameter question: The number in the question. Late answers to earlier ones are ignored.
    mutating func fetched(_ page: DeliveryRows.Page, for question: Int, at now: Int64) {
        guard self.fetch == question else { return }
        self.fetch = nil
        self.ready = Deque(page.deliveries)
        // What was accepted while the store looked may be missing.
        self.hasMore = page.hasMore || self.hasMore
        self.nextDue = page.next?.due
        defer { self.isUnknown = false }
        // The gateway started again while others waited for the first delivery.
        guard self.isUnknown, let next = page.next, next.due <= now + Self.holdLimit,
            self.ready.allSatisfy({ $0.key > next.key })
        else { return }
        self.pausedUntil = max(self.pausedUntil, next.due)
    }

    /// The store has changed by other means, or is another one. Everything has to be asked for again.
    mutating func storeChanged() {
        self.ready = []
        self.held = nil
        self.nextDue = nil
        self.fetch = nil
        self.hasMore = true
        self.isUnknown = true
    }

    /// The oldest deliveries were given up.
    mutating func gaveUp(_ keys: Set<Int64>) {
        if let sending, keys.contains(sending.key) { self.isGivenUp = true }
        self.pending = max(0, self.pending - keys.count)
        self.ready.removeAll { keys.contains($0.key) }
        if let held = self.held, keys.contains(held.delivery.key) { self.held = nil }
    }

    // MARK: Results

    enum OnResult: Hashable {
        /// It is done.
        case delivered
        /// It is tried again at this time.
        case retry(at: Int64)
        /// It was the last try.
        case failed
        /// The webhook is disabled, and the delivery waits until it is enabled.
        case disabled(Disabling)
    }

    enum Disabling: String, Hashable {
        /// The receiver answered 410: it does not want any more (RFC 9110 section 15.5.11).
        case gone
        /// All tries failed for too long.
        case failing
    }

    /// The delivery in ``sending`` was tried.
    ///
    /// - Parameters:
    ///   - attempt: The try.
    ///   - retryAfter: `Retry-After` of the response, in milliseconds.
    ///   - random: From 0 to 1.
    /// - Returns: The delivery with the try, and what becomes of it; nil if nothing is being sent.
    mutating func finished(
        _ attempt: DeliveryTry,
        retryAfter: Int64?,
        at now: Int64,
        with schedule: Schedule,
        random: Double
    ) -> (delivery: WebhookDelivery, result: OnResult)? {
        guard var delivery = self.sending else { return nil }
        self.sending = nil
        let isGivenUp = self.isGivenUp
        self.isGivenUp = false
        delivery.add(attempt)
        if let status = attempt.status, (200..<300).contains(status) {
            self.failingSince = nil
            self.hasSucceededSinceHold = true
            if !isGivenUp { self.pending = max(0, self.pending - 1) }
            return (delivery, .delivered)
        }
        delivery.tries += 1
        let failingSince = self.failingSince ?? now
        self.failingSince = failingSince
        if attempt.status == 410 { return (delivery, .disabled(self.disable(.gone))) }
        if now - failingSince >= schedule.disableAfter { return (delivery, .disabled(self.disable(.failing))) }
        let asked = max(0, retryAfter ?? 0)
        if retryAfter != nil { self.pausedUntil = max(self.pausedUntil, now + min(asked, Self.pauseLimit)) }
        guard delivery.tries <= schedule.retry.count, !isGivenUp else {
            if !isGivenUp { self.pending = max(0, self.pending - 1) }
            return (delivery, .failed)
        }
        let wait = Int64(Double(schedule.retry[delivery.tries - 1]) * (0.8 + 0.4 * random))
        let due = now + max(wait, min(asked, Self.retryAfterLimit))
        self.hold(delivery, until: due, at: now)
        if self.held == nil { self.nextDue = min(self.nextDue ?? due, due) }
        return (delivery, .retry(at: due))
    }

    private mutating func disable(_ reason: Disabling) -> Disabling {
        self.isEnabled = false
        return reason
    }

    /// Lets later deliveries wait for one that failed, if that is not for long.
    private mutating func hold(_ delivery: WebhookDelivery, until due: Int64, at now: Int64) {
        guard due <= delivery.firstFailure(or: now) + Self.holdLimit else { return }
        if self.lastHold?.key != delivery.key {
            // A receiver that refuses some events only would otherwise spend its time waiting.
            if let lastHold, self.hasSucceededSinceHold, now < lastHold.at + Self.holdInterval { return }
            self.lastHold = (delivery.key, now)
            self.hasSucceededSinceHold = false
        }
        self.held = (delivery, due)
    }

    // MARK: Enabling

    /// Starts anew: the store makes all deliveries due.
    mutating func enable() {
        self.isEnabled = true
        self.failingSince = nil
        self.pausedUntil = .min
        self.lastHold = nil
        self.storeChanged()
    }

    mutating func disable() { self.isEnabled = false }
}
