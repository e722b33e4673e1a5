import Gateway
import GatewayCore

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// A new process of the program, which takes over this one's listening sockets.
struct SuccessorProcess: Sendable {
    let id: CInt

    /// Starts the program with the same arguments.
    ///
    /// The child has the standard streams, the sockets of the invitation and the channel. Every other descriptor is
    /// closed: those of clients would otherwise stay open as long as the child lives.
    ///
    /// - Parameters:
    ///   - sockets: The descriptors for the invitation's sockets, in order.
    ///   - channel: The child's end of the channel.
    /// - Throws: ``SystemCallError``
    static func start(
        _ program: String,
        arguments: [String],
        environment: [String: String],
        invitation: HandoverInvitation,
        sockets: [CInt],
        channel: CInt
    ) throws(SystemCallError) -> SuccessorProcess {
        // Copies above all numbers that the child will use, so that no copy overwrites one that is still needed.
        var copies: [CInt] = []
        defer { for copy in copies { close(copy) } }
        for descriptor in sockets + [channel] {
            let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, invitation.channel + 1)
            guard copy >= 0 else { throw SystemCallError("fcntl", errno) }
            copies.append(copy)
        }
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #else
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        for (copy, number) in zip(copies, SocketActivation.first...) {
            posix_spawn_file_actions_adddup2(&actions, copy, number)
        }
        Self.closeOthers(above: invitation.channel, &actions)
        Self.resetSignals(&attributes)

        var argumentPointers = arguments.map { strdup($0) } + [nil]
        var variablePointers = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in argumentPointers + variablePointers { free(pointer) } }
        var id: pid_t = 0
        let error = posix_spawn(&id, program, &actions, &attributes, &argumentPointers, &variablePointers)
        guard error == 0 else { throw SystemCallError(program, error) }
        return SuccessorProcess(id: id)
    }

    #if canImport(Darwin)
        private static func closeOthers(above last: CInt, _ actions: inout posix_spawn_file_actions_t?) {
            for descriptor in STDIN_FILENO...STDERR_FILENO {
                posix_spawn_file_actions_addinherit_np(&actions, descriptor)
            }
        }

        private static func resetSignals(_ attributes: inout posix_spawnattr_t?) {
            Self.resetSignals(&attributes, flags: POSIX_SPAWN_CLOEXEC_DEFAULT)
        }

        private typealias Attributes = posix_spawnattr_t?
    #else
        /// Descriptors that other threads may open between now and the start.
        private static let reserve: CInt = 1024

        /// NIO opens sockets without close-on-exec, so each descriptor has to be closed by its number.
        private static func closeOthers(above last: CInt, _ actions: inout posix_spawn_file_actions_t) {
            let limit = CInt(clamping: Platform.raiseFileLimit() ?? 1024)
            let end = min(limit, (Self.highestDescriptor() ?? limit) + Self.reserve)
            for descriptor in last + 1..<max(last + 1, end) { posix_spawn_file_actions_addclose(&actions, descriptor) }
        }

        private static func highestDescriptor() -> CInt? {
            guard let folder = opendir("/proc/self/fd") else { return nil }
            defer { closedir(folder) }
            var highest: CInt?
            while let entry = readdir(folder) {
                let name = withUnsafeBytes(of: entry.pointee.d_name) {
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                }
                if let descriptor = CInt(name) { highest = max(highest ?? 0, descriptor) }
            }
            return highest
        }

        private static func resetSignals(_ attributes: inout posix_spawnattr_t) {
            Self.resetSignals(&attributes, flags: 0)
        }

        private typealias Attributes = posix_spawnattr_t
    #endif

    /// Ignored and blocked signals would stay so in the child.
    private static func resetSignals(_ attributes: inout Attributes, flags: CInt) {
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(CInt(POSIX_SPAWN_SETSIGDEF) | CInt(POSIX_SPAWN_SETSIGMASK) | flags))
    }

    /// How the process ended; nil while it runs.
    func poll() -> ProcessEnd? {
        var status: CInt = 0
        return waitpid(self.id, &status, WNOHANG) == self.id ? ProcessEnd(status: status) : nil
    }

    func terminate() { kill(self.id, SIGTERM) }
    func cut() { kill(self.id, SIGKILL) }
}
