#if os(Linux)
    import Glibc
    import NIOCore

    /// Connections that cost the test only a file descriptor, so that there can be very many.
    final class ManyConnections {
        struct Failed: Error { let reason: String }

        private var sockets: [Int32] = []

        /// The most connections possible between this process and a program that it started.
        static var most: Int {
            var files = rlimit()
            guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files) == 0 else { return 500 }
            files.rlim_cur = files.rlim_max
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files)
            let most = Int(clamping: files.rlim_max)
            return most > 4096 ? most - 2048 : most / 4
        }

        var count: Int { self.sockets.count }

        /// Opens this many connections to a loopback port, and sends the same bytes on each as far as the socket
        /// buffer accepts them.
        func open(_ count: Int, port: Int, sending bytes: [UInt8] = []) throws {
            let address = try SocketAddress(ipAddress: "127.0.0.1", port: port)
            for _ in 0..<count {
                let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
                guard descriptor >= 0 else { throw Failed(reason: String(cString: strerror(errno))) }
                self.sockets.append(descriptor)
                let result = address.withSockAddr { connect(descriptor, $0, socklen_t($1)) }
                guard result == 0 else { throw Failed(reason: String(cString: strerror(errno))) }
                if !bytes.isEmpty { send(descriptor, bytes, bytes.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)) }
            }
        }

        func close() {
            for descriptor in self.sockets { Glibc.close(descriptor) }
            self.sockets = []
        }

        deinit { self.close() }
    }
#endif
