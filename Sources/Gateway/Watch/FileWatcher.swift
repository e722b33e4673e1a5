import GatewaySettings
import NIOCore
import NIOPosix

#if canImport(Darwin)
    internal import Darwin
#elseif canImport(Musl)
    internal import Musl
#else
    internal import Glibc
#endif

/// Looks at a file again and again, on a thread that may block, until its task is canceled.
package struct FileWatcher: Sendable {
    let path: String
    private var watch: FileWatch

    /// Creates a watcher. What the file contains now counts as known, so create it before reading the file.
    ///
    /// - Returns: nil for a pipe or a device, whose contents can be read once only.
    package init?(_ path: String) {
        if let status = FileStatus(of: path), status.kind != .regular { return nil }
        self.path = path
        self.watch = FileWatch(FileWatch.Version(of: path), FileWatch.Content(of: path))
    }

    /// Calls `onChange` after each change, and waits for it.
    package func run(onChange: @Sendable () async -> Void) async {
        var watch = self.watch
        while !Task.isCancelled {
            do {
                try await Task.sleep(for: .nanoseconds(FileWatch.interval.nanoseconds))
                let version = try await self.blocking { FileWatch.Version(of: $0) }
                guard watch.see(version, at: .now()) == .read else { continue }
                let content = try await self.blocking { FileWatch.Content(of: $0) }
                if watch.read(content) == .changed { await onChange() }
            } catch {
                // The task was canceled.
                return
            }
        }
    }

    private func blocking<R: Sendable>(_ body: @escaping @Sendable (String) -> R) async throws -> R {
        try await NIOThreadPool.singleton.runIfActive { [path] in body(path) }
    }
}

extension FileWatch.Version {
    /// Looks at a file; nil if there is none.
    init?(of path: String) {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        let realPath = String(cString: resolved)
        guard let status = FileStatus(of: realPath) else { return nil }
        self.init(realPath: realPath, inode: status.inode, size: status.size, modified: status.modified)
    }
}

extension FileWatch.Content {
    init(of path: String) {
        do throws(SettingError) {
            self = .text(try TextFile.read(path))
        } catch {
            self = .unreadable
        }
    }
}
