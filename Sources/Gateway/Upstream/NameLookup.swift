import NIOCore
import NIOPosix
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Looks the names of targets up, off the event loops, and goes on doing so.
protocol NameLookup: Sendable {
    /// Looks `host` up now, and again in the background until ``stop()``. Each answer goes to `update`, on any thread.
    ///
    /// An answer replaces all addresses of the name; a failure leaves those in use that were found before.
    func follow(_ host: String, port: Int, _ update: @escaping @Sendable (NameAnswer) -> Void)

    func stop()
}

/// What a look-up has given.
enum NameAnswer: Sendable, Equatable {
    case found([SocketAddress])
    case failed(String)
}

/// Looks names up with the system's `getaddrinfo`, on threads that may block.
final class SystemNameLookup: NameLookup {
    private static let interval = TimeAmount.seconds(30)
    private static let firstPause = TimeAmount.seconds(1)

    private let group: any EventLoopGroup
    private let isStopped = Atomic(false)

    init(group: any EventLoopGroup) { self.group = group }

    func stop() { self.isStopped.store(true, ordering: .relaxed) }

    func follow(_ host: String, port: Int, _ update: @escaping @Sendable (NameAnswer) -> Void) {
        self.ask(host, port, pause: Self.firstPause, update)
    }

    private func ask(_ host: String, _ port: Int, pause: TimeAmount, _ update: @escaping @Sendable (NameAnswer) -> Void) {
        let eventLoop = self.group.next()
        let answer = NIOThreadPool.singleton.runIfActive(eventLoop: eventLoop) { Self.lookUp(host, port: port) }
        answer.whenComplete { result in
            guard !self.isStopped.load(ordering: .relaxed) else { return }
            let answer = (try? result.get()) ?? .failed("no thread to look it up")
            update(answer)
            let delay: TimeAmount
            let next: TimeAmount
            switch answer {
            case .found: (delay, next) = (Self.interval, Self.firstPause)
            case .failed: (delay, next) = (pause, min(pause * 2, Self.interval))
            }
            eventLoop.scheduleTask(in: delay) {
                guard !self.isStopped.load(ordering: .relaxed) else { return }
                self.ask(host, port, pause: next, update)
            }
        }
    }

    private static func lookUp(_ host: String, port: Int) -> NameAnswer {
        var list: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(host, String(port), nil, &list)
        guard result == 0 else { return .failed(String(cString: gai_strerror(result))) }
        defer { freeaddrinfo(list) }
        var addresses: [SocketAddress] = []
        var next = list
        while let entry = next?.pointee {
            next = entry.ai_next
            guard let raw = entry.ai_addr else { continue }
            let address: SocketAddress? =
                switch entry.ai_family {
                case AF_INET: raw.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { SocketAddress($0.pointee) }
                case AF_INET6: raw.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { SocketAddress($0.pointee) }
                default: nil
                }
            if let address { addresses.append(address) }
        }
        return addresses.isEmpty ? .failed("it has no address") : .found(addresses)
    }
}
