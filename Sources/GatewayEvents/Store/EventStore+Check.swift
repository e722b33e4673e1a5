import GatewaySettings

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

extension EventStore {
    /// Why a path cannot be that of a store; nil if it can. It creates nothing, and blocks.
    package static func problem(at path: String) -> String? {
        guard !path.hasSuffix("/") else { return "is a folder" }
        guard let status = FileStatus(of: path) else {
            let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
            guard access(folder, F_OK) == 0 else { return "is in a folder that does not exist" }
            return access(folder, W_OK | X_OK) == 0 ? nil : "is in a folder that is not writable"
        }
        guard status.kind == .regular else { return "is not a regular file" }
        guard access(path, R_OK | W_OK) == 0 else { return "is not readable and writable" }
        // Not by reading the file, because closing it would release the locks that this process has on it.
        do throws(SQLiteError) {
            let connection = try SQLiteConnection(path: path, busyTimeout: 0, isNew: false)
            _ = try EventSchema.current.version(of: connection)
            return nil
        } catch {
            switch error.kind {
            case .corrupt: return "is not an event store, or is damaged"
            case .newer: return "cannot be used: \(error)"
            default: return nil
            }
        }
    }
}
