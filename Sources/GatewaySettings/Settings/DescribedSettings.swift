/// Settings that describe their keys, for `gateway schema`.
package protocol DescribedSettings {
    /// The descriptions by the names of the properties.
    static var descriptions: [String: String] { get }
}
