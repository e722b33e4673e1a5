package import GatewayHTTP
package import NIOCore

extension CacheFetch {
    /// What a fetch has brought so far, who reads it, and who feeds it. Readers and feeders are on any event loop; each
    /// asks what to do next whenever something has changed.
    ///
    /// A response that is stored is kept from its first byte until its last reader has it, and is read from the upstream
    /// as fast as it comes. Any other goes at the pace of its slowest reader.
    package struct StateMachine {
        package enum Stage {
            /// There is no head yet. → passing, done
            case waiting
            /// → done
            case passing(FetchedHead)
            case done(End)
        }

        package enum End {
            /// The body was received to its end.
            case complete(FetchedHead)
            /// Readers that have no head yet take a stored response.
            case stored(StoredResponse, FetchResult)
            /// There is no response.
            case failed(any Error)
            /// The response broke off after its head.
            case broken(FetchedHead, any Error)
        }

        package typealias ReaderID = Int

        private struct Reader {
            /// Whether the reader takes nothing but a whole stored response, because it sends another one from it.
            let takesStored: Bool
            /// The number of chunks that were taken. Nil: not even the head.
            var position: Int?
        }

        /// How far the slowest reader of a response that is not stored may lag behind.
        static let highWater = 256 * 1024

        package private(set) var stage = Stage.waiting
        /// Whether the response is kept for later.
        package private(set) var isStored = false
        /// Whether only the reader whose request was sent may have the response.
        package private(set) var isPrivate = false
        /// What the others get instead of a response that only the first reader may have; nil if they go for themselves.
        private var failure: (any Error)?
        private let maxBody: Int

        private var readers: [ReaderID: Reader] = [:]
        private var nextReader = 0
        /// The reader whose request the upstream answers: the one that caused the fetch, unless another's was sent too and
        /// is answered first. Nil: the fetch goes on in the background.
        private var first: ReaderID?

        /// The chunks that some reader still has to take, or that are stored.
        private var chunks: [ByteBuffer] = []
        /// The number of readers before each chunk, and after the last. Those without a head are before the first.
        private var readersBefore = [0]
        /// The number of chunks before those.
        private var dropped = 0
        private var droppedBytes = 0
        private var bytes = 0
        private var trailers: TrailerSection?
        /// The response as it was stored, beside trailers, which are not.
        private(set) var storedResponse: StoredResponse?

        private struct Feeder {
            /// The reader whose request it sends.
            let asker: ReaderID?
        }

        /// The feeders so far. The head of the first that has one counts.
        private var feeders: [Feeder] = []
        private var endedFeeders = 0
        private var feeder: Int?

        package init(maxBody: Int) { self.maxBody = maxBody }

        // MARK: Readers

        /// Whether another request can still read the whole response.
        package var takesReaders: Bool {
            switch self.stage {
            case .waiting: true
            case .passing: self.isStored
            case .done: false
            }
        }

        package var isOver: Bool { if case .done = self.stage { true } else { false } }
        package var isWaiting: Bool { if case .waiting = self.stage { true } else { false } }
        package var readerCount: Int { self.readers.count }

        /// Adds a reader. The first one causes the fetch, unless it is in the background.
        package mutating func add(takesStored: Bool, isFirst: Bool = false) -> ReaderID {
            let id = self.nextReader
            self.nextReader += 1
            self.readers[id] = Reader(takesStored: takesStored)
            self.readersBefore[0] += 1
            if isFirst { self.first = id }
            return id
        }

        package mutating func remove(_ id: ReaderID) {
            guard let reader = self.readers.removeValue(forKey: id) else { return }
            self.readersBefore[(reader.position ?? self.dropped) - self.dropped] -= 1
            self.dropRead()
        }

        package enum Step {
            case wait
            /// Begin the response. The body follows.
            case head(FetchedHead)
            case chunk(ByteBuffer)
            case end(TrailerSection?)
            /// Answer with a stored response.
            case stored(StoredResponse, FetchResult)
            /// The response is not for this request: look again, or go upstream.
            case leave
            /// Answer with an error.
            case fail(any Error)
            /// The response broke off.
            case cut(any Error)
        }

        /// Returns what a reader does next. After anything but a wait, a head or a chunk it is done.
        package mutating func next(_ id: ReaderID) -> Step {
            guard let reader = self.readers[id] else { return .wait }
            guard let position = reader.position else { return self.begin(id, reader) }
            if position - self.dropped < self.chunks.count {
                let chunk = self.chunks[position - self.dropped]
                self.readers[id]?.position = position + 1
                self.readersBefore[position - self.dropped] -= 1
                self.readersBefore[position - self.dropped + 1] += 1
                self.dropRead()
                return .chunk(chunk)
            }
            switch self.stage {
            case .waiting, .passing: return .wait
            case .done(.broken(_, let error)), .done(.failed(let error)):
                self.remove(id)
                return .cut(error)
            case .done(.complete), .done(.stored):
                self.remove(id)
                return .end(self.trailers)
            }
        }

        private mutating func begin(_ id: ReaderID, _ reader: Reader) -> Step {
            switch self.stage {
            case .waiting: return .wait
            case .done(.stored(let response, let result)):
                self.remove(id)
                return .stored(response, result)
            case .done(.failed(let error)):
                self.remove(id)
                return .fail(error)
            case .done(.broken(_, let error)):
                self.remove(id)
                return .fail(error)
            case .passing(let head), .done(.complete(let head)):
                if self.isPrivate, id != self.first {
                    self.remove(id)
                    return self.failure.map(Step.fail) ?? .leave
                }
                if reader.takesStored {
                    if self.isStored, !self.isOver { return .wait }
                    self.remove(id)
                    return self.storedResponse.map { .stored($0, .fetched) } ?? .leave
                }
                if self.dropped > 0 {
                    self.remove(id)
                    return .leave
                }
                self.readers[id]?.position = 0
                return .head(head)
            }
        }

        /// Forgets what every reader has, unless it is stored.
        private mutating func dropRead() {
            guard !self.isStored else { return }
            let count = self.readersBefore.prefix(self.chunks.count).prefix { $0 == 0 }.count
            guard count > 0 else { return }
            for chunk in self.chunks.prefix(count) { self.droppedBytes += chunk.readableBytes }
            self.chunks.removeFirst(count)
            self.readersBefore.removeFirst(count)
            self.dropped += count
        }

        // MARK: Feeders

        /// Adds a request to the upstream, which feeds the fetch. There may be a second one if the first takes long.
        ///
        /// - Parameter asker: The reader whose request is sent. Nil: the one that caused the fetch, if there is one.
        package mutating func addFeeder(for asker: ReaderID? = nil) -> Int {
            self.feeders.append(Feeder(asker: asker ?? self.first))
            return self.feeders.count - 1
        }

        /// Whether the response is to the request of this reader, and not only to one like it.
        package func answers(_ id: ReaderID) -> Bool { self.first == id }

        private mutating func takeAsker(of feeder: Int) {
            if self.feeders.indices.contains(feeder) { self.first = self.feeders[feeder].asker }
        }

        package enum Feeding: Hashable, Sendable {
            case go
            case pause
            /// Nobody needs the response.
            case stop
        }

        /// Whether a feeder should go on.
        package func feeding(_ id: Int) -> Feeding {
            switch self.stage {
            case .done: return .stop
            case .waiting: return self.isNeeded ? .go : .stop
            case .passing:
                guard self.feeder == id, self.isNeeded else { return .stop }
                return self.isPaused ? .pause : .go
            }
        }

        /// Whether the feeder waits for the slowest reader.
        var isPaused: Bool { !self.isStored && self.bytes - self.droppedBytes > Self.highWater }

        /// Whether anybody waits, or the response is for later.
        private var isNeeded: Bool { !self.readers.isEmpty || self.isStored || self.isBackground }
        private var isBackground: Bool { self.first == nil && self.isWaiting }

        /// Takes a head. Returns false if another feeder was faster, or nobody waits any more.
        ///
        /// - Parameters:
        ///   - stored: Whether the response is kept for later.
        ///   - isPrivate: Whether only the reader whose request was sent may have it.
        ///   - failure: What others get then. Nil: they go for themselves.
        package mutating func head(
            _ head: FetchedHead,
            from feeder: Int,
            isStored: Bool,
            isPrivate: Bool,
            failure: (any Error)? = nil
        ) -> Bool {
            guard self.isWaiting else { return false }
            self.feeder = feeder
            self.takeAsker(of: feeder)
            self.stage = .passing(head)
            self.isStored = isStored
            self.isPrivate = isPrivate
            self.failure = failure
            return self.isNeeded
        }

        package enum OnBody: Hashable, Sendable {
            case take
            /// The body is too large to be stored, and so from now on passes.
            case tooLarge
            case ignore
        }

        package mutating func body(_ chunk: ByteBuffer, from feeder: Int) -> OnBody {
            guard self.feeder == feeder, case .passing = self.stage, chunk.readableBytes > 0 else { return .ignore }
            self.chunks.append(Self.trimmed(chunk))
            self.readersBefore.append(0)
            self.bytes += chunk.readableBytes
            guard self.isStored, self.bytes > self.maxBody else {
                self.dropRead()
                return .take
            }
            self.isStored = false
            self.dropRead()
            return .tooLarge
        }

        /// A slice keeps the whole received buffer alive, so small ones are copied.
        private static func trimmed(_ chunk: ByteBuffer) -> ByteBuffer {
            chunk.readableBytes * 2 >= chunk.storageCapacity ? chunk : ByteBuffer(bytes: chunk.readableBytesView)
        }

        /// The whole body, in a buffer of its exact size. Nil if the response is not stored.
        package func storedBody() -> ByteBuffer? {
            guard self.isStored else { return nil }
            guard self.bytes > 0 else { return ByteBuffer() }
            var body = ByteBuffer(exactCapacity: self.bytes)
            for chunk in self.chunks { body.writeImmutableBuffer(chunk) }
            return body
        }

        /// Takes the end of the body.
        ///
        /// - Parameter stored: For readers that wait for a whole stored response.
        /// - Returns: Whether the end counts.
        package mutating func ended(
            _ trailers: TrailerSection?,
            from feeder: Int,
            stored: (StoredResponse, FetchResult)? = nil
        ) -> Bool {
            guard self.feeder == feeder, case .passing(let head) = self.stage else { return false }
            self.trailers = trailers
            self.storedResponse = stored?.0
            if let stored, trailers == nil {
                self.stage = .done(.stored(stored.0, stored.1))
            } else {
                self.stage = .done(.complete(head))
            }
            return true
        }

        /// Ends the fetch with a response that is stored already: by another gateway, freshened by a 304, or stale in
        /// place of an error.
        package mutating func finish(_ response: StoredResponse, _ result: FetchResult, from feeder: Int) -> Bool {
            guard self.isWaiting else { return false }
            self.takeAsker(of: feeder)
            self.stage = .done(.stored(response, result))
            return true
        }

        /// Takes the failure of a feeder. The failure of one that the others have overtaken does not count.
        package mutating func failed(_ error: any Error, from feeder: Int) -> Bool {
            self.endedFeeders += 1
            switch self.stage {
            case .waiting:
                guard self.endedFeeders == self.feeders.count else { return false }
                self.stage = .done(.failed(error))
                return true
            case .passing(let head):
                guard self.feeder == feeder else { return false }
                self.stage = .done(.broken(head, error))
                self.isStored = false
                return true
            case .done: return false
            }
        }
    }
}

/// How a stored response came to answer those that waited for a fetch.
package enum FetchResult: Hashable, Sendable {
    /// It was fetched and stored.
    case fetched
    /// It was found in a slower tier.
    case found
    /// The upstream has confirmed it.
    case revalidated
    /// It is stale, and stands in for an error.
    case staleIfError
}
