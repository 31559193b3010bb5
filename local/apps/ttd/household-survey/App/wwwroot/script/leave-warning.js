// Warns a respondent who closes the window in the middle of the survey.
(() => {
  let answered = false;
  document.addEventListener('change', () => {
    answered = true;
  });
  window.addEventListener('beforeunload', (event) => {
    if (answered && !location.hash.includes('CustomReceipt')) {
      event.preventDefault();
    }
  });
})();
