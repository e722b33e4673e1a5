import Gateway

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// Sends messages to the service manager, if there is one.
struct ServiceNotifier: Sendable {
    /// The address as the system expects it; nil if there is no service manager.
    private let address: [UInt8]?

    /// The longest time that a manager which does not read may delay the gateway, in seconds.
    private static let patience = 1

    init(_ environment: Environment) { self.address = environment["NOTIFY_SOCKET"].flatMap(Self.address) }

    /// Sends a message. Failures are ignored, because nobody else would want to know.
    func send(_ message: ServiceMessage) {
        guard let address else { return }
        #if canImport(Glibc)
            let descriptor = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0)
        #else
            let descriptor = socket(AF_UNIX, SOCK_DGRAM, 0)
        #endif
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        var patience = timeval()
        patience.tv_sec = .init(Self.patience)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout.size(ofValue: patience)))
        let text = Array(message.text.utf8)
        address.withUnsafeBytes { bytes in
            let target = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self)
            _ = sendto(descriptor, text, text.count, 0, target, socklen_t(bytes.count))
        }
    }

    /// The bytes of a `sockaddr_un`. Nil if the text is neither a path nor an abstract address that begins with `@`.
    private static func address(_ text: String) -> [UInt8]? {
        var path = Array(text.utf8)
        guard path.first == UInt8(ascii: "/") || path.first == UInt8(ascii: "@"), path.count < 104 else { return nil }
        // The end of an abstract address is its length; the end of a path is a zero.
        if path[0] == UInt8(ascii: "@") { path[0] = 0 } else { path.append(0) }
        #if canImport(Darwin)
            return [UInt8(path.count + 2), UInt8(AF_UNIX)] + path
        #else
            return withUnsafeBytes(of: sa_family_t(AF_UNIX)) { Array($0) } + path
        #endif
    }
}
