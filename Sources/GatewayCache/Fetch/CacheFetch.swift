package import GatewayHTTP
package import NIOCore
import Synchronization

/// A response on its way from the upstream, once for all requests that wait for it, on any event loop.
///
/// The lock is held for a few instructions. Whoever changes the fetch tells the others that something has changed, each
/// event loop once; they then ask what to do next.
package final class CacheFetch: Sendable {
    package let key: CacheKey
    /// When the request was made, for the age of the response.
    package let startedAt: Int64
    /// The same among the purges.
    package let stamp: PurgeStamp
    /// A longer body is not stored.
    package let maxBody: Int
    private let state: Mutex<State>

    private struct State {
        var machine: StateMachine
        var parties: [Party] = []
        /// What the request that caused the fetch selects by, and the fields that it is known to depend on.
        var variant: Variant?
        var hasSecond = false

        mutating func listen(_ listener: any FetchListener) {
            guard !self.parties.contains(where: { $0.listener === listener }) else { return }
            self.parties.append(Party(listener: listener))
        }

        /// Returns those to tell of a change.
        mutating func tell() -> [any FetchListener] {
            var told: [any FetchListener] = []
            for index in self.parties.indices where !self.parties[index].isTold {
                self.parties[index].isTold = true
                told.append(self.parties[index].listener)
            }
            return told
        }
    }

    private struct Party {
        let listener: any FetchListener
        /// Whether it was told of a change and has not asked yet.
        var isTold = false
    }

    /// - Parameters:
    ///   - variant: What selects among the responses of the URL, as far as it is known. Nil: not known yet.
    ///   - maxBody: A longer body is not stored.
    package init(_ key: CacheKey, variant: Variant?, startedAt: Int64, stamp: PurgeStamp, maxBody: Int) {
        self.key = key
        self.startedAt = startedAt
        self.stamp = stamp
        self.maxBody = maxBody
        self.state = Mutex(State(machine: StateMachine(maxBody: maxBody), variant: variant))
    }

    // MARK: Joining

    /// Adds a reader if the request can have the response.
    ///
    /// - Parameter selects: Whether the request selects the same variant as the one that caused the fetch.
    package func join(
        _ listener: any FetchListener,
        takesStored: Bool,
        where selects: (Variant) -> Bool
    ) -> StateMachine.ReaderID? {
        self.state.withLock { state in
            guard state.machine.takesReaders, state.variant.map(selects) ?? true else { return nil }
            state.listen(listener)
            return state.machine.add(takesStored: takesStored)
        }
    }

    /// Adds the reader that causes the fetch.
    package func addFirst(_ listener: any FetchListener, takesStored: Bool) -> StateMachine.ReaderID {
        self.state.withLock { state in
            state.listen(listener)
            return state.machine.add(takesStored: takesStored, isFirst: true)
        }
    }

    /// Whether the fetch brings, as far as is known, what a request selects.
    package func isFor(_ request: borrowing HeaderBlock) -> Bool {
        self.state.withLock { $0.variant }?.selects(request) ?? true
    }

    // MARK: Readers

    package func next(_ reader: StateMachine.ReaderID, of listener: any FetchListener) -> StateMachine.Step {
        let (step, told) = self.state.withLock { state in
            let before = state.machine.isPaused
            let step = state.machine.next(reader)
            return (step, before && !state.machine.isPaused ? state.tell() : [])
        }
        for listener in told { listener.fetchChanged(self) }
        return step
    }

    package func leave(_ reader: StateMachine.ReaderID) { self.change { $0.machine.remove(reader) } }

    /// Called by a listener before it asks for what has changed.
    package func heard(_ listener: any FetchListener) {
        self.state.withLock { state in
            for index in state.parties.indices where state.parties[index].listener === listener {
                state.parties[index].isTold = false
            }
        }
    }

    /// Whether the response is to the request of this reader, and not only to one like it.
    package func answers(_ reader: StateMachine.ReaderID) -> Bool { self.state.withLock { $0.machine.answers(reader) } }

    /// Whether nothing more comes.
    package var isOver: Bool { self.state.withLock { $0.machine.isOver } }
    package var isWaiting: Bool { self.state.withLock { $0.machine.isWaiting } }
    package var readerCount: Int { self.state.withLock { $0.machine.readerCount } }

    // MARK: Feeders

    /// Adds a feeder: see ``StateMachine/addFeeder(for:)``.
    package func addFeeder(_ listener: any FetchListener, for asker: StateMachine.ReaderID?) -> Int {
        self.state.withLock { state in
            state.listen(listener)
            return state.machine.addFeeder(for: asker)
        }
    }

    /// Whether to send a second request. True once.
    package func takeSecond() -> Bool {
        self.state.withLock { state in
            guard state.machine.isWaiting, !state.hasSecond else { return false }
            state.hasSecond = true
            return true
        }
    }

    package func feeding(_ feeder: Int) -> StateMachine.Feeding { self.state.withLock { $0.machine.feeding(feeder) } }

    /// Takes a head: see ``StateMachine/head(_:from:isStored:isPrivate:failure:)``.
    ///
    /// - Parameter variant: What the stored response depends on.
    package func head(
        _ head: FetchedHead,
        from feeder: Int,
        variant: Variant?,
        isPrivate: Bool,
        failure: (any Error)? = nil
    ) -> Bool {
        self.change { state in
            let isFirst = state.machine.head(
                head,
                from: feeder,
                isStored: head.lifetime != nil,
                isPrivate: isPrivate,
                failure: failure
            )
            if isFirst, let variant { state.variant = variant }
            return isFirst
        }
    }

    package func body(_ chunk: ByteBuffer, from feeder: Int) -> StateMachine.OnBody {
        self.state.withLock { $0.machine.body(chunk, from: feeder) }
    }

    /// Tells the readers of what ``body(_:from:)`` has added.
    package func flush() { self.change { _ in } }

    /// The stored response that has come of the fetch.
    package var stored: StoredResponse? { self.state.withLock { $0.machine.storedResponse } }

    package func storedBody() -> ByteBuffer? { self.state.withLock { $0.machine.storedBody() } }

    package func ended(_ trailers: TrailerSection?, from feeder: Int, stored: (StoredResponse, FetchResult)?) -> Bool {
        self.change { $0.machine.ended(trailers, from: feeder, stored: stored) }
    }

    package func finish(_ response: StoredResponse, _ result: FetchResult, from feeder: Int) -> Bool {
        self.change { $0.machine.finish(response, result, from: feeder) }
    }

    package func failed(_ error: any Error, from feeder: Int) -> Bool {
        self.change { $0.machine.failed(error, from: feeder) }
    }

    /// Changes the state and tells all that listen.
    @discardableResult
    private func change<Result: Sendable>(_ body: (inout State) -> sending Result) -> Result {
        let (result, told) = self.state.withLock { state in
            let result = body(&state)
            return (result, state.tell())
        }
        for listener in told { listener.fetchChanged(self) }
        return result
    }
}

/// An event loop with readers or feeders of a fetch.
package protocol FetchListener: AnyObject, Sendable {
    /// Called on any thread, once until the listener has heard it: see ``CacheFetch/heard(_:)``.
    func fetchChanged(_ fetch: CacheFetch)
}
