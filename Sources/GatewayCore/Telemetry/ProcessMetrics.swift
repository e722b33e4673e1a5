#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the kernel reports about this process. Most of it is missing on systems without `/proc`.
package enum ProcessMetrics {
    package static let cpu = MetricDescription(
        "process_cpu_seconds_total",
        .counter,
        help: "User and system CPU time of the process.",
        unit: .seconds
    )
    package static let residentMemory = MetricDescription(
        "process_resident_memory_bytes",
        .gauge(.maximum),
        help: "Resident memory.",
        unit: .bytes
    )
    package static let openFiles = MetricDescription(
        "process_open_fds",
        .gauge(.maximum),
        help: "Open file descriptors."
    )
    package static let maximumFiles = MetricDescription(
        "process_max_fds",
        .gauge(.maximum),
        help: "Maximum number of open file descriptors."
    )
    package static let startTime = MetricDescription(
        "process_start_time_seconds",
        .gauge(.maximum),
        help: "Start time of the process, in seconds since 1970.",
        unit: .seconds
    )
    package static let build = MetricDescription(
        "gateway_build_info",
        .gauge(.maximum),
        help: "Version of the gateway and of its compiler; always 1.",
        labels: ["version", "swift"]
    )

    /// Reads the current values. Takes several system calls, so do not call it on an event loop.
    package static func families() -> [MetricFamily] {
        var families: [MetricFamily] = []
        func add(_ description: MetricDescription, _ value: Double?) {
            guard let value else { return }
            var family = MetricFamily(description)
            family.append([], value)
            families.append(family)
        }
        let status = ProcessStatus(read("/proc/self/stat"))
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        add(cpu, processorSeconds())
        add(
            residentMemory,
            status.map { Double($0.residentPages) * Double(sysconf(Int32(_SC_PAGESIZE))) }
        )
        add(openFiles, countOpenFiles().map(Double.init))
        add(maximumFiles, openFileLimit())
        if let status, let boot = bootSecond(read("/proc/stat")), ticks > 0 {
            add(startTime, Double(boot) + Double(status.startTicks) / ticks)
        }
        return families
    }

    /// The build information, always 1.
    package static func buildInfo(version: String) -> MetricFamily {
        var family = MetricFamily(build)
        family.append([version, swiftVersion], 1)
        return family
    }

    /// The compiler version, which only conditional compilation reveals.
    private static var swiftVersion: String {
        #if compiler(>=6.4)
            "6.4"
        #elseif compiler(>=6.3)
            "6.3"
        #elseif compiler(>=6.2)
            "6.2"
        #else
            "6.1"
        #endif
    }

    /// When the machine started, in seconds since 1970, from `/proc/stat`.
    static func bootSecond(_ text: String) -> UInt64? {
        for line in text.split(separator: "\n") where line.hasPrefix("btime ") { return UInt64(line.dropFirst(6)) }
        return nil
    }

    /// More precise than `/proc/self/stat`, which counts in hundredths.
    private static func processorSeconds() -> Double? {
        var time = timespec()
        guard clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return nil }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    private static func countOpenFiles() -> Int? {
        guard let directory = opendir("/proc/self/fd") else { return nil }
        defer { closedir(directory) }
        var count = 0
        while let entry = readdir(directory) {
            // Skips "." and "..".
            if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
        }
        // Without the descriptor of the directory itself.
        return count - 1
    }

    private static func openFileLimit() -> Double? {
        var limit = rlimit()
        #if canImport(Glibc)
            let result = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #else
            let result = getrlimit(RLIMIT_NOFILE, &limit)
        #endif
        guard result == 0 else { return nil }
        return limit.rlim_cur == rlim_t.max ? .infinity : Double(limit.rlim_cur)
    }

    private static func read(_ path: String) -> String {
        guard let file = fopen(path, "re") else { return "" }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk.prefix(count)
        }
    }
}

/// The fields of `/proc/self/stat` that the metrics need.
struct ProcessStatus: Hashable {
    /// When the process started, in clock ticks since the machine started.
    let startTicks: UInt64
    let residentPages: UInt64

    /// nil if the text has another format.
    init?(_ text: String) {
        // The program's name, in parentheses, may contain spaces and parentheses, so fields are counted from its end.
        guard let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[end...].split { $0 == " " || $0 == "\n" }
        guard fields.count > 22, let start = UInt64(fields[20]), let pages = UInt64(fields[22]) else { return nil }
        startTicks = start
        residentPages = pages
    }
}
