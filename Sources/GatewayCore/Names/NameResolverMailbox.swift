import NIOCore
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The messages from other threads to the resolver's thread, and the state that it publishes to them.
final class NameResolverMailbox: Sendable {
    enum Message: Sendable {
        case watch(
            NameResolver.StateMachine.WatchID,
            String,
            TimeAmount,
            @Sendable (NameState) -> Void
        )
        case unwatch(NameResolver.StateMachine.WatchID)
        case stop
    }

    private struct Contents {
        var messages: [Message] = []
        var failing: [FailingName] = []
        /// The descriptor to write to in order to wake the thread, or nil while the thread is not running.
        var wake: Int32?
        var isClosed = false
    }

    private let contents = Mutex(Contents())

    func post(_ message: Message) {
        self.contents.withLock { contents in
            guard !contents.isClosed else { return }
            contents.messages.append(message)
            // One byte wakes the thread for all pending messages.
            guard contents.messages.count == 1, let wake = contents.wake else { return }
            var byte: UInt8 = 0
            _ = write(wake, &byte, 1)
        }
    }

    var failing: [FailingName] { self.contents.withLock { $0.failing } }

    // MARK: The resolver's thread

    func open(wake: Int32?) { self.contents.withLock { $0.wake = wake } }

    func take() -> [Message] {
        self.contents.withLock { contents in
            defer { contents.messages = [] }
            return contents.messages
        }
    }

    func show(failing: [FailingName]) { self.contents.withLock { $0.failing = failing } }

    /// Closes the mailbox. No thread writes to the descriptor after this call.
    func close() {
        self.contents.withLock { contents in
            contents.isClosed = true
            contents.wake = nil
            contents.messages = []
            contents.failing = []
        }
    }
}
