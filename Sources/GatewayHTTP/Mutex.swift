#if GATEWAY_SANITIZED
    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #else
        import Darwin
    #endif

    /// Replaces `Synchronization.Mutex` in builds with a sanitizer.
    ///
    /// Each module that has locks prefers it by an alias of its own, since the name is ambiguous beside
    /// `import Synchronization`.
    ///
    /// The original waits with system calls in a library that is not instrumented, so ThreadSanitizer reports
    /// everything that it guards as a race. The sanitizer understands `pthread_mutex_t`, so it recognizes guarded
    /// accesses and still finds accesses without the lock.
    ///
    /// Sendable, because the value is only accessed while the lock is held.
    package struct Mutex<Value>: ~Copyable, @unchecked Sendable {
        private let lock: UnsafeMutablePointer<pthread_mutex_t>
        private let value: UnsafeMutablePointer<Value>

        package init(_ value: consuming sending Value) {
            self.lock = .allocate(capacity: 1)
            pthread_mutex_init(self.lock, nil)
            self.value = .allocate(capacity: 1)
            self.value.initialize(to: value)
        }

        deinit {
            pthread_mutex_destroy(self.lock)
            self.lock.deallocate()
            self.value.deinitialize(count: 1)
            self.value.deallocate()
        }

        package borrowing func withLock<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result {
            pthread_mutex_lock(self.lock)
            defer { pthread_mutex_unlock(self.lock) }
            return try body(&self.value.pointee)
        }

        /// Returns nil if the lock is taken.
        package borrowing func withLockIfAvailable<Result>(_ body: (inout Value) throws -> Result) rethrows -> Result? {
            guard pthread_mutex_trylock(self.lock) == 0 else { return nil }
            defer { pthread_mutex_unlock(self.lock) }
            return try body(&self.value.pointee)
        }
    }
#endif
