#if os(Linux)
    import Glibc

    /// What the kernel reports about the program.
    extension GatewayProgram {
        /// In bytes; nil under a sanitizer, whose bookkeeping would count as well.
        var residentMemory: Int {
            #if GATEWAY_SANITIZED
                return 0
            #else
                let pages = Self.text("/proc/\(self.id)/statm").split(separator: " ").dropFirst().first.flatMap {
                    Int($0)
                }
                return (pages ?? 0) * sysconf(Int32(_SC_PAGESIZE))
            #endif
        }

        var openFiles: Int {
            guard let folder = opendir("/proc/\(self.id)/fd") else { return 0 }
            defer { closedir(folder) }
            var count = 0
            while let entry = readdir(folder) { if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 } }
            return count
        }

        /// CPU time of all threads, in seconds.
        var processorTime: Double {
            // The program name in parentheses may contain any character.
            let stat = Self.text("/proc/\(self.id)/stat")
            let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
            guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else { return 0 }
            return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
        }

        private static func text(_ path: String) -> String {
            guard let file = fopen(path, "r") else { return "" }
            defer { fclose(file) }
            var buffer = [UInt8](repeating: 0, count: 4096)
            return String(decoding: buffer[..<fread(&buffer, 1, buffer.count, file)], as: UTF8.self)
        }
    }
#endif
