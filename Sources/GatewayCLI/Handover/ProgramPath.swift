import GatewaySettings

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// The path of this program, so that a new version that takes its place can be started.
///
/// Find it at the start: later, the file may have been replaced, and the system would report it as deleted. The path is
/// the one that the program was called by, with symbolic links, because a deployment may switch a link to a new version.
enum ProgramPath {
    /// - Parameters:
    ///   - name: The first argument of the process.
    ///   - search: The value of `PATH`, in which a shell finds a name without a slash.
    static func find(_ name: String, search: String?) -> String? {
        guard let own = Self.own() else { return self.candidates(name, search: search).first { access($0, X_OK) == 0 } }
        // The first argument is whatever the caller made of it, so it must lead to this program.
        return Self.candidates(name, search: search).first { Self.isSame($0, own) } ?? own
    }

    private static func candidates(_ name: String, search: String?) -> [String] {
        if name.isEmpty { return [] }
        if name.hasPrefix("/") { return [name] }
        if name.utf8.contains(UInt8(ascii: "/")) { return [Self.absolute(name)] }
        return (search ?? "").split(separator: ":").map { Self.absolute("\($0)/\(name)") }
    }

    private static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let folder = getcwd(nil, 0) else { return path }
        defer { free(folder) }
        return "\(String(cString: folder))/\(path)"
    }

    private static func isSame(_ path: String, _ other: String) -> Bool {
        guard let one = FileStatus(of: path), let two = FileStatus(of: other) else { return false }
        return one.isSameFile(as: two)
    }

    /// The path as the system knows it.
    private static func own() -> String? {
        #if canImport(Darwin)
            var size = UInt32(PATH_MAX)
            var buffer = [CChar](repeating: 0, count: Int(size))
            guard _NSGetExecutablePath(&buffer, &size) == 0 else { return nil }
            return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        #else
            var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
            let count = readlink("/proc/self/exe", &buffer, buffer.count)
            guard count > 0 else { return nil }
            return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        #endif
    }
}
