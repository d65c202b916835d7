// Serverless Devs calls this once the files are there. npm packs no file that is named .gitignore, so it comes under another name.
exports.postInit = async ({ appPath, fs }) => {
  fs.renameSync(`${appPath}/_gitignore`, `${appPath}/.gitignore`);
};
