import GatewayAdmin
import Logging

extension GatewayServer {
    /// Reloads the configuration after each change of its file, until the task is canceled.
    package func reload(watching watcher: FileWatcher) async {
        // A change since the watcher was made is noticed once there is something to reload.
        _ = try? await self.boundAddresses()
        await watcher.run {
            self.log.notice("configuration file changed", metadata: ["file": "\(watcher.path)"])
            _ = await self.runtime?.reload(by: .watch)
        }
    }
}
