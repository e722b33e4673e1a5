import GatewaySettings

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

extension FileWatch.Version {
    /// Looks at a file; nil if there is none.
    package init?(of path: String) {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        let realPath = String(cString: resolved)
        guard let status = FileStatus(of: realPath) else { return nil }
        self.init(realPath: realPath, inode: status.inode, size: status.size, modified: status.modified)
    }
}

extension FileWatch.Content {
    package init(of path: String) {
        do throws(SettingError) {
            self = .text(try TextFile.read(path))
        } catch {
            self = .unreadable
        }
    }
}
