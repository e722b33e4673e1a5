#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The processor time and memory of this process. Cheap enough to be read each second.
package struct ProcessUsage: Sendable {
    private let memory = ResidentMemory()

    package init() {}

    /// User and system time since the start, in seconds; nil if it cannot be read.
    package var processorSeconds: Double? {
        var time = timespec()
        guard clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return nil }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// The resident memory in bytes; nil on systems without `/proc`.
    package var residentBytes: Int? { self.memory?.bytes() }
}
