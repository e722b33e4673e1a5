#if os(Linux)
    import Glibc

    /// The kernel's view of connections: it knows which side has closed before anybody reads from the socket.
    enum EstablishedConnections {
        /// The number of connections to this IPv4 port that neither side has closed. If the table changes while it is
        /// read, a connection and its successor are both counted, so the smallest of several readings is correct.
        static func count(at port: Int) -> Int { (0..<3).map { _ in self.read(port) }.min() ?? 0 }

        /// After tests with very many connections the table is long; reading it must not delay the tests that poll
        /// it.
        private static func read(_ port: Int) -> Int {
            guard let file = fopen("/proc/net/tcp", "r") else { return 0 }
            defer { fclose(file) }
            let hex = String(port, radix: 16, uppercase: true)
            let local = ":" + String(repeating: "0", count: 4 - hex.count) + hex + " "
            var line: UnsafeMutablePointer<CChar>?
            defer { free(line) }
            var capacity = 0
            var count = 0
            // "  12: 0100007F:1F90 0100007F:C35A 01 …": local address, remote address, state.
            while getline(&line, &capacity, file) > 0 {
                guard let line, let found = strstr(line, local), strlen(found) > 22 else { continue }
                if strncmp(found + 14, ":", 1) == 0, strncmp(found + 19, " 01 ", 4) == 0 { count += 1 }
            }
            return count
        }

        /// Resident memory of this process, in bytes.
        static var residentBytes: Int {
            let columns = self.lines("/proc/self/statm").first?.split(separator: " ") ?? []
            return columns.count > 1 ? (Int(columns[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE)) : 0
        }

        private static func lines(_ path: String) -> [Substring] {
            guard let file = fopen(path, "r") else { return [] }
            defer { fclose(file) }
            var text: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { text += buffer[..<count] }
            return String(decoding: text, as: UTF8.self).split(separator: "\n")
        }
    }
#endif
