// Nothing of its own: it gives the precompiled headers a target (cmake/BsubPrecompiled.cmake).
