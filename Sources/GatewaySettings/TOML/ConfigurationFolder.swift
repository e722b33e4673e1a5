/// The folder of a configuration file, which relative paths in the file start from.
struct ConfigurationFolder {
    /// With a slash at its end; empty for the working directory.
    private let prefix: String

    /// - Parameter file: the configuration. For a pipe, which has no folder, the working directory is used.
    package init(of file: String) {
        let isPipe = file.hasPrefix("/dev/") || file.hasPrefix("/proc/")
        let end = file.lastIndex(of: "/").map { file.index(after: $0) }
        self.prefix = isPipe ? "" : String(file[..<(end ?? file.startIndex)])
    }

    /// The path as the process opens it.
    package func path(_ path: String) -> String { path.hasPrefix("/") ? path : self.prefix + path }
}
