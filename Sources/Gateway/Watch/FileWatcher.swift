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
        var found = stat()
        if stat(path, &found) == 0, found.st_mode & S_IFMT != S_IFREG { return nil }
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
        var found = stat()
        guard stat(resolved, &found) == 0 else { return nil }
        #if canImport(Darwin)
            let time = found.st_mtimespec
        #else
            let time = found.st_mtim
        #endif
        self.init(
            realPath: String(cString: resolved),
            inode: UInt64(found.st_ino),
            size: Int64(found.st_size),
            modified: Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
        )
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
