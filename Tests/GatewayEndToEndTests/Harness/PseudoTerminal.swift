import NIOConcurrencyHelpers

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A terminal without a screen, and the output written to it.
final class PseudoTerminal: Sendable {
    struct NotOpened: Error {}

    /// The device that a program opens.
    let path: String
    private let descriptor: Int32
    /// The program's end, held open so that output is kept after the program ends.
    private let programEnd: Int32
    private let received = NIOLockedValueBox<[UInt8]>([])

    init() throws {
        var (own, other): (Int32, Int32) = (-1, -1)
        guard openpty(&own, &other, nil, nil, nil) == 0 else { throw NotOpened() }
        (self.descriptor, self.programEnd) = (own, other)
        var name = [CChar](repeating: 0, count: 256)
        guard ttyname_r(other, &name, name.count) == 0 else { throw NotOpened() }
        self.path = name.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
    }

    deinit {
        close(self.descriptor)
        close(self.programEnd)
    }

    /// All output written so far.
    var text: String {
        self.received.withLockedValue { received in
            var ready = pollfd(fd: self.descriptor, events: Int16(POLLIN), revents: 0)
            while poll(&ready, 1, 0) == 1, ready.revents & Int16(POLLIN) != 0 {
                var chunk = [UInt8](repeating: 0, count: 4096)
                let count = read(self.descriptor, &chunk, chunk.count)
                guard count > 0 else { break }
                received += chunk[..<count]
            }
            return String(decoding: received, as: UTF8.self)
        }
    }
}
