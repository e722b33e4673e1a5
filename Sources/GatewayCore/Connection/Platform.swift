#if canImport(Glibc)
    import Glibc
    private let systemSend = Glibc.send
    private let systemListen = Glibc.listen
    private let systemClose = Glibc.close
#elseif canImport(Musl)
    import Musl
    private let systemSend = Musl.send
    private let systemListen = Musl.listen
    private let systemClose = Musl.close
#else
    import Darwin
    private let systemSend = Darwin.send
    private let systemListen = Darwin.listen
    private let systemClose = Darwin.close
#endif

/// System calls for connections, workers and the start of the gateway.
package enum Platform {
    /// Returns milliseconds since 1970, for dates and identifiers. Measure durations with the event loop's clock
    /// instead.
    package static func unixMilliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// Returns nanoseconds since 1970.
    package static func unixNanoseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// The name of this gateway in events, `HOST:PID`.
    package static var gatewayName: String {
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count - 1)
        let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return "\(host):\(getpid())"
    }

    /// Lets the workers go first where cores are short. On Linux, the priority is that of the calling thread.
    package static func giveWay() {
        #if canImport(Glibc)
            _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 5)
        #endif
    }

    // MARK: Sockets

    #if canImport(Glibc)
        package static let streamSocket = CInt(SOCK_STREAM.rawValue)
    #else
        package static let streamSocket = SOCK_STREAM
    #endif

    /// Reports a closed peer as an error instead of a signal to the process.
    #if canImport(Darwin)
        private static let sendFlags: CInt = 0
    #else
        private static let sendFlags = CInt(MSG_NOSIGNAL)
    #endif

    /// Sends as many bytes as the socket accepts now. Returns a negative number if it accepts none, for whatever
    /// reason.
    package static func send(_ bytes: UnsafeRawBufferPointer, to socket: CInt) -> Int {
        systemSend(socket, bytes.baseAddress, bytes.count, Self.sendFlags)
    }

    static func hasUnreadBytes(_ socket: CInt) -> Bool {
        var byte: UInt8 = 0
        return recv(socket, &byte, 1, CInt(MSG_PEEK) | CInt(MSG_DONTWAIT)) > 0
    }

    /// Makes closing the socket reset the connection.
    static func resetOnClose(_ socket: CInt) {
        // `struct linger`: on, with a timeout of zero.
        var linger: (CInt, CInt) = (1, 0)
        _ = setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
    }

    #if os(Linux)
        /// `struct sock_filter`, and a classic BPF program that drops segments with the SYN flag. A filter sees the TCP
        /// header first, whose byte 13 holds the flags.
        private struct Instruction {
            var code: UInt16
            var ifTrue: UInt8 = 0
            var ifFalse: UInt8 = 0
            var operand: UInt32
        }
        private static let dropSYN = [
            Instruction(code: 0x30, operand: 13),  // load the byte
            Instruction(code: 0x45, ifTrue: 1, operand: 0x02),  // skip the next instruction if SYN is set
            Instruction(code: 0x06, operand: .max),  // accept the segment
            Instruction(code: 0x06, operand: 0),  // drop it
        ]
        /// `SO_ATTACH_FILTER`.
        private static let attachFilter: CInt = 26

        /// `struct sock_fprog`.
        private struct SocketFilter {
            var length: UInt16
            var instructions: UnsafePointer<Instruction>?
        }

        /// Makes a listening TCP socket ignore new connections. Those that have begun are completed.
        static func ignoreNewConnections(_ socket: CInt) {
            Self.dropSYN.withUnsafeBufferPointer { instructions in
                var filter = SocketFilter(length: UInt16(instructions.count), instructions: instructions.baseAddress)
                let size = socklen_t(MemoryLayout<SocketFilter>.size)
                _ = setsockopt(socket, SOL_SOCKET, Self.attachFilter, &filter, size)
            }
        }
    #else
        /// Leaves room for one new connection of a listening socket.
        static func ignoreNewConnections(_ socket: CInt) { Self.listen(socket, backlog: 0) }
    #endif

    /// Changes the length of the system's queue of a listening socket.
    package static func listen(_ socket: CInt, backlog: CInt) { _ = systemListen(socket, backlog) }

    static let addressInUse = EADDRINUSE
    static let reusePort = SO_REUSEPORT

    package static func description(of error: CInt) -> String { String(cString: strerror(error)) }

    /// Whether a process listens on a socket file.
    enum SocketFile {
        /// The file is stale, missing or not a socket. Binding reports the last case.
        case unused
        /// A process listens but its queue is full, or the socket uses datagrams.
        case inUse
        case unknown

        init(connectFailedWith error: CInt) {
            switch error {
            case ECONNREFUSED, ENOENT, ENOTSOCK: self = .unused
            case EAGAIN, EPROTOTYPE: self = .inUse
            default: self = .unknown
            }
        }
    }

    // MARK: Memory

    /// Makes the C library return freed memory to the system, if it keeps any. It takes milliseconds, during which other
    /// threads may wait for memory.
    static func releaseFreeMemory() {
        guard let symbol = dlsym(nil, "malloc_trim") else { return }
        _ = unsafeBitCast(symbol, to: (@convention(c) (Int) -> CInt).self)(0)
    }

    // MARK: Files

    #if canImport(Glibc)
        private static let openFiles = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
    #else
        private static let openFiles = RLIMIT_NOFILE
    #endif

    /// Raises the soft limit of open files to the hard limit. Returns the number of files that may be open, or nil if
    /// the system does not report it.
    package static func raiseFileLimit() -> Int? {
        var files = rlimit()
        guard getrlimit(Self.openFiles, &files) == 0 else { return nil }
        if files.rlim_cur < files.rlim_max {
            let soft = files.rlim_cur
            files.rlim_cur = files.rlim_max
            if setrlimit(Self.openFiles, &files) != 0 { files.rlim_cur = soft }
        }
        return Int(clamping: files.rlim_cur)
    }

    /// Keeps a descriptor from programs that this process starts. Returns false if it is not open.
    package static func closeOnExec(_ descriptor: CInt) -> Bool {
        let flags = fcntl(descriptor, F_GETFD)
        return flags >= 0 && fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC) >= 0
    }

    package static func close(_ descriptor: CInt) { _ = systemClose(descriptor) }

    package static func isOpen(_ descriptor: CInt) -> Bool { fcntl(descriptor, F_GETFD) >= 0 }
}
