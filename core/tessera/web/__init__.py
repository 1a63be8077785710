"""The page shell: layout, components, errors, guard, navigation, sign-in and settings; it knows no domain."""
