import GatewayCore
import GatewaySettings
import NIOCore
import NIOPosix

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
