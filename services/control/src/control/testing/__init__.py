"""What control's tests share: services that are only made up."""
