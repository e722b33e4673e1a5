import GatewayCore
import NIOPosix

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// One end of the pair of sockets between a gateway and its successor. The successor says that it is ready. The
/// predecessor agrees, unless it has given up, so that one of them always accepts connections, and a successor that is
/// about to be ended never does.
struct HandoverChannel: Sendable {
    private static let ready = UInt8(ascii: "r")
    private static let agreed = UInt8(ascii: "a")

    let descriptor: CInt

    /// - Throws: ``SystemCallError``
    static func pair() throws(SystemCallError) -> (own: HandoverChannel, other: HandoverChannel) {
        var ends: [CInt] = [-1, -1]
        guard socketpair(AF_UNIX, Platform.streamSocket, 0, &ends) == 0 else {
            throw SystemCallError("socketpair", errno)
        }
        for end in ends { _ = Platform.closeOnExec(end) }
        return (HandoverChannel(descriptor: ends[0]), HandoverChannel(descriptor: ends[1]))
    }

    func close() { Platform.close(self.descriptor) }

    // MARK: The predecessor

    /// Whether the successor has said that it is ready.
    func hasSuccessorReported() -> Bool {
        var byte: UInt8 = 0
        return recv(self.descriptor, &byte, 1, CInt(MSG_DONTWAIT)) == 1 && byte == Self.ready
    }

    func agree() { self.send(Self.agreed) }

    // MARK: The successor

    /// Says that this process is ready. Returns when the predecessor agrees, or has ended.
    func report() async {
        self.send(Self.ready)
        // A predecessor that gives up holds its end of the channel until this process has ended.
        _ = try? await NIOThreadPool.singleton.runIfActive {
            var byte: UInt8 = 0
            while recv(self.descriptor, &byte, 1, 0) < 0, errno == EINTR {}
        }
    }

    private func send(_ byte: UInt8) {
        withUnsafeBytes(of: byte) { _ = Platform.send($0, to: self.descriptor) }
    }
}

/// The error of a system call.
struct SystemCallError: Error, CustomStringConvertible {
    let call: String
    let code: CInt
    var description: String { "\(self.call): \(Platform.description(of: self.code))" }

    init(_ call: String, _ code: CInt) {
        self.call = call
        self.code = code
    }
}
