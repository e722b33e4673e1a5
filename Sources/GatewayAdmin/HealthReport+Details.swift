import GatewayCore
import GatewaySettings

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

extension HealthReport {
    /// The share of free disk space or file descriptors below which a check warns.
    private static let scarce = 0.05

    /// Adds each target, and the resources of the process.
    mutating func addDetails(of status: GatewayStatus) async {
        let metrics = MetricValues(await status.registry.snapshot())
        let upstreams = status.upstreams
        for (name, targets) in upstreams.targets {
            for target in targets { self.add(Self.check(target, metrics), to: "target:\(name)") }
        }
        self.addProcess(metrics)
        if case .file(let path) = status.configuration.log.access {
            self.addDisk("access_log", at: path)
        } else {
            self.addDisk("working_directory", at: ".")
        }
    }

    private static func check(_ target: UpstreamTarget, _ metrics: MetricValues) -> Check {
        let labels = [target.upstream, target.label]
        var check = Check(componentID: target.label)
        let condition = target.condition
        if !condition.isUp {
            check.status = .warn
            check.output = condition.reason.map { "down: \($0)" } ?? "down"
        }
        if let circuit = target.circuit {
            check.values["circuit"] = UpstreamsEndpoint.json(circuit)
            if circuit.state != .closed { check.status = .warn }
        }
        check.values.merge(UpstreamsEndpoint.json(condition)) { _, new in new }
        check.values["target"] = .string(target.label)
        check.values["weight"] = .integer(target.weight)
        for state in ["active", "idle"] {
            check.values["\(state)_connections"] = .whole(
                metrics.sum(TargetMeters.connections, where: labels + [state])
            )
        }
        if let mean = metrics.mean(TargetMeters.requestDuration, where: labels) {
            let milliseconds = JSONValue.number((mean * 1_000_000).rounded() / 1000)
            check.observed = milliseconds
            check.unit = "ms"
            check.values["latency_ms"] = milliseconds
        }
        return check
    }

    private mutating func addProcess(_ metrics: MetricValues) {
        let cpu = Check(
            componentType: "system",
            observed: .number(metrics.sum(ProcessMetrics.cpu)),
            unit: "seconds"
        )
        self.add(cpu, to: "cpu:time")
        let memory = Check(
            componentType: "system",
            observed: .whole(metrics.sum(ProcessMetrics.residentMemory)),
            unit: "bytes"
        )
        self.add(memory, to: "memory:resident")
        let open = metrics.sum(ProcessMetrics.openFiles)
        let maximum = metrics.sum(ProcessMetrics.maximumFiles)
        var files = Check(componentType: "system", observed: .whole(open), unit: "open files")
        if maximum.isFinite, maximum > 0 {
            files.values["limit"] = .whole(maximum)
            if open > maximum * (1 - Self.scarce) {
                files.status = .warn
                files.output = "nearly all files that the process may open are open"
            }
        }
        self.add(files, to: "files:open")
    }

    /// Adds the disk that a file or folder is on.
    private mutating func addDisk(_ name: String, at path: String) {
        var disk = statvfs()
        guard statvfs(path, &disk) == 0 else { return }
        let unit = UInt64(disk.f_frsize)
        let free = Self.bytes(UInt64(disk.f_bavail), of: unit)
        let size = Self.bytes(UInt64(disk.f_blocks), of: unit)
        var check = Check(
            componentType: "system",
            componentID: name,
            observed: .integer(Int(clamping: free)),
            unit: "bytes"
        )
        check.values["size_bytes"] = .integer(Int(clamping: size))
        if Double(free) < Double(size) * Self.scarce {
            check.status = .warn
            check.output = "the disk is nearly full"
        }
        self.add(check, to: "disk:free")
    }

    /// Saturates: file systems without a limit report more blocks than a number of bytes can express.
    static func bytes(_ blocks: UInt64, of size: UInt64) -> UInt64 {
        let (bytes, overflow) = blocks.multipliedReportingOverflow(by: size)
        return overflow ? .max : bytes
    }
}
