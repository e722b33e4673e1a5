package import GatewaySettings
package import Logging
package import NIOCore

extension SharedState {
    /// How often files of plans are looked at; nil if there are none. A change counts once it has rested, so it is used
    /// within three seconds.
    package var fileInterval: TimeSpan? {
        self.allObjectsOfPlans.contains { $0 is any FileOfPlans } ? .seconds(1) : nil
    }

    /// Returns the file with this key, or reads it. It is watched until a reload builds no plan that asks for it.
    ///
    /// Call it before plans are built, so that event loops do not wait for the file, and again in each plan.
    ///
    /// - Parameters:
    ///   - key: What distinguishes its contents: the path, and all settings that `parse` uses.
    ///   - path: The path to open.
    ///   - name: The path as written, for messages.
    ///   - isReadAgain: Whether a file that is known already is read again.
    /// - Throws: Why the file cannot be used.
    package func file<Contents>(
        _ key: String,
        at path: String,
        name: String,
        isReadAgain: Bool = false,
        log: Logger,
        parse: @escaping WatchedFile<Contents>.Parse
    ) throws(FileProblem) -> WatchedFile<Contents> {
        if let known = self.knownObject(key, of: WatchedFile<Contents>.self) {
            if isReadAgain { try known.read() }
            return known
        }
        let file = try WatchedFile(path, name: name, log: log, parse: parse)
        return self.objectOfPlans(key) { file }
    }

    /// Looks at all files of plans. It blocks; never call it on an event loop.
    package func lookAtFiles(at now: NIODeadline = .now()) {
        for object in self.allObjectsOfPlans {
            if let file = object as? any FileOfPlans { file.look(at: now) }
        }
    }
}
